"""The settings of the pages for reviewers."""

from dataclasses import dataclass

from app.config import parsers as parse
from app.config.fields import setting


@dataclass(frozen=True, kw_only=True)
class ReviewSettings:
    """Settings of a review or development instance."""

    review_tools: bool = setting(
        parse.exactly_true,
        "Whether the pages for reviewers exist, where both surfaces are served; refused in production",
        "false",
    )
    review_app_log: str = setting(parse.text, "Log file of a review app, whose last lines the front page shows", "")
    pull_request: int | None = setting(
        parse.optional(parse.integer(1, 1_000_000_000)),
        "Number of the pull request that a review app shows; default HEROKU_PR_NUMBER",
        "",
        platform="HEROKU_PR_NUMBER",
    )
    app_name: str = setting(
        parse.text, "Name of a review app on its platform; default HEROKU_APP_NAME", "", platform="HEROKU_APP_NAME"
    )
    source_url: str | None = setting(
        parse.optional(parse.address("https://")),
        "Address of the source code, `https://`, to which the pages for reviewers link",
        "",
    )
