"""Incidents and planned work as an Atom feed (RFC 4287)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree

from app.domain.incidents.public import PublicIncident
from app.domain.status import PlannedWork, is_ongoing
from app.status.document import StatusDocument
from app.status.views.formats import Formats

_ATOM: Final = "http://www.w3.org/2005/Atom"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_MAX_ENTRIES: Final = 50
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class _Entry:
    path: str
    title: str
    published: datetime
    updated: datetime
    paragraphs: tuple[str, ...]


def atom_feed(document: StatusDocument, formats: Formats, base: str, name: str) -> bytes:
    """Return the feed. `base` is the address of the site, without a slash at its end."""
    ElementTree.register_namespace("", _ATOM)
    texts, root = formats.texts, f"{base}/status/{formats.texts.language}"
    entries = sorted(_entries(document, formats), key=lambda each: each.updated, reverse=True)[:_MAX_ENTRIES]
    feed = ElementTree.Element(f"{{{_ATOM}}}feed", {_LANGUAGE: texts.locale})
    _add(feed, "id", f"{root}/feed.atom")
    _add(feed, "title", texts("feed.title", name=name))
    _add(feed, "updated", _moment(max((each.updated for each in entries), default=document.written_at)))
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{root}/feed.atom")
    _add(feed, "link", rel="alternate", type="text/html", href=root)
    _add(_add(feed, "author"), "name", name)
    for each in entries:
        entry = _add(feed, "entry")
        _add(entry, "id", f"{root}{each.path}")
        _add(entry, "title", each.title)
        _add(entry, "published", _moment(each.published))
        _add(entry, "updated", _moment(each.updated))
        _add(entry, "link", rel="alternate", type="text/html", href=f"{root}{each.path}")
        _add(entry, "content", "\n\n".join(each.paragraphs), type="text")
    encoded: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return encoded


def _entries(document: StatusDocument, formats: Formats) -> Iterator[_Entry]:
    for incident in document.incidents_by_number.values():
        yield _incident(incident, formats)
    for work in document.planned_work:
        yield _planned(work, formats, document.written_at)


def _incident(incident: PublicIncident, formats: Formats) -> _Entry:
    texts = formats.texts
    moments = [incident.began, *(each.at for each in incident.events)]
    moments += [each for each in (incident.mitigated, incident.resolved) if each]
    if incident.report:
        moments += [each.published for each in incident.report.versions]
    state = "incident.ongoing" if is_ongoing(incident) else "incident.over"
    lines = [texts(state)]
    lines += [texts("feed.parts", parts=_parts(incident.parts, formats))] if incident.parts else []
    lines += [f"{formats.moment(each.at)}: {formats.event(each)}" for each in reversed(incident.events)]
    title = texts("feed.incident", title=formats.text(incident.titles))
    return _Entry(f"/incidents/{incident.number}", title, incident.began, max(moments), tuple(lines))


def _planned(work: PlannedWork, formats: Formats, now: datetime) -> _Entry:
    texts = formats.texts
    lines = (formats.span(work.begins, work.ends), texts("feed.parts", parts=_parts(work.parts, formats)))
    title = texts("feed.planned", title=formats.text(work.titles))
    updated = work.ends if work.ends <= now else work.announced  # it may have ended earlier than announced
    return _Entry(f"#planned-{work.number}", title, work.announced, updated, lines)


def _parts(parts: tuple[str, ...], formats: Formats) -> str:
    return ", ".join(formats.texts(f"part.{each}") for each in parts)


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    element.text = _without_control_characters(text) if text is not None else None
    return element


def _without_control_characters(text: str) -> str:
    """Return the text without characters that XML cannot hold."""
    return _NOT_IN_XML.sub("", text)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
