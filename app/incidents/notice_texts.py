"""A notice of an incident in words and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

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


def as_json(notice: Notice, links: Mapping[str, str]) -> bytes:
    """Return the body of a webhook. `links` are addresses by language; `link` is the first."""
    incident = {
        "number": notice.number,
        "titles": dict(notice.titles),
        "state": notice.state.value,
        "impact": notice.impact.value,
        "parts": list(notice.parts),
        "began": notice.began.isoformat(),
    }
    content: dict[str, Any] = {"id": notice.identifier, "kind": notice.kind.value, "incident": incident}
    content |= {"link": links.get(LANGUAGES[0]), "links": dict(links)}
    return json.dumps(content, ensure_ascii=False).encode()


def subject_of(notice: Notice) -> str:
    """Return the subject of an e-mail, in both languages. A title may have several lines, a subject may not."""
    subject = " / ".join(_subject(notice, catalogue(language)) for language in LANGUAGES)
    return " ".join(subject.splitlines())


def text_of(notice: Notice, links: Mapping[str, str]) -> str:
    """Return the text of an e-mail, in both languages, each with its link."""
    paragraphs = (_paragraph(notice, catalogue(language), links.get(language)) for language in LANGUAGES)
    return "\n\n".join(paragraphs) + "\n"


def _subject(notice: Notice, texts: Catalogue) -> str:
    title = notice.titles[texts.language]
    return texts(_SUBJECTS[notice.kind], number=notice.number, title=title) if notice.number is not None else title


def _paragraph(notice: Notice, texts: Catalogue, link: str | None) -> str:
    lines = [_subject(notice, texts)]
    if notice.number is None:
        lines.append(texts("notice.unstored"))
    lines.append(texts("notice.began", moment=long_moment(texts, notice.began)))
    lines.append(texts("notice.impact", impact=texts(_IMPACTS[notice.impact])))
    if notice.parts:
        names = ", ".join(part_text(part, texts.language) for part in notice.parts)
        lines.append(texts("notice.parts", parts=names))
    if link:
        lines.append(link)
    return "\n".join(lines)
