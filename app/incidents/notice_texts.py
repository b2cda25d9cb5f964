"""A notice of an incident in words and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.incidents.notices import NoticeKind
from app.domain.incidents.states import Impact, State
from app.incidents.texts import catalogue, part_text
from app.web.dates import long_moment
from app.web.i18n import LANGUAGES, Catalogue

_SUBJECTS: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.OPENED: "notice.opened",
    NoticeKind.REMINDER: "notice.reminder",
    NoticeKind.RESOLVED: "notice.resolved",
}
_IMPACTS: Final[Mapping[Impact, str]] = {Impact.MINOR: "impact.minor", Impact.MAJOR: "impact.major"}


@dataclass(frozen=True)
class Notice:
    """A notice. `number` is None while the incident cannot be stored; `identifier` is the same in each attempt."""

    identifier: str
    kind: NoticeKind
    number: int | None
    titles: Mapping[str, str]
    state: State
    impact: Impact
    parts: tuple[str, ...]
    began: datetime


def as_json(notice: Notice, link: str | None) -> bytes:
    """Return the body of a webhook."""
    incident = {
        "number": notice.number,
        "titles": dict(notice.titles),
        "state": notice.state.value,
        "impact": notice.impact.value,
        "parts": list(notice.parts),
        "began": notice.began.isoformat(),
    }
    content = {"id": notice.identifier, "kind": notice.kind.value, "incident": incident, "link": link}
    return json.dumps(content, ensure_ascii=False).encode()


def subject_of(notice: Notice) -> str:
    """Return the subject of an e-mail, in both languages."""
    return " / ".join(_subject(notice, catalogue(language)) for language in LANGUAGES)


def text_of(notice: Notice, link: str | None) -> str:
    """Return the text of an e-mail, in both languages."""
    return "\n\n".join(_paragraph(notice, catalogue(language)) for language in LANGUAGES) + (
        f"\n\n{link}\n" if link else "\n"
    )


def _subject(notice: Notice, texts: Catalogue) -> str:
    title = notice.titles[texts.language]
    return texts(_SUBJECTS[notice.kind], number=notice.number, title=title) if notice.number is not None else title


def _paragraph(notice: Notice, texts: Catalogue) -> str:
    lines = [_subject(notice, texts)]
    if notice.number is None:
        lines.append(texts("notice.unstored"))
    lines.append(texts("notice.began", moment=long_moment(texts, notice.began)))
    lines.append(texts("notice.impact", impact=texts(_IMPACTS[notice.impact])))
    if notice.parts:
        names = ", ".join(part_text(part, texts.language) for part in notice.parts)
        lines.append(texts("notice.parts", parts=names))
    return "\n".join(lines)
