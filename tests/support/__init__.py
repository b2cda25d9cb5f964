"""What tests share: servers, a clock that stands still, and an actor who speaks the protocol."""
