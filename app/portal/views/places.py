"""Places: finding and registering them, and their posters."""

import re

from flask import Response, request
from wtforms import RadioField, StringField
from wtforms.validators import DataRequired, Length

from app.domain.portal.addresses import MAX_CHARACTERS, normalize_address
from app.domain.portal.places import CATEGORIES, MAX_ADDRESS, MAX_CITY, MAX_NAME, PlaceDetails
from app.domain.portal.rights import Right
from app.portal.views import pages
from app.portal.views.blueprint import FORM, PortalBlueprint
from app.portal.views.forms import Form, submitted
from app.portal.views.people import current_person
from app.web.context import current_context, current_time

# Of a search: each word takes time for every place.
MAX_SEARCH = 100

places = PortalBlueprint("places")

_TELEPHONE = re.compile(
    r"\+?[0-9(][0-9\s().\u2010-\u2015-]{5,20}[0-9](?:,?\s?(?:x|ext\.?|poste)\s?[0-9]{1,6})?", re.IGNORECASE
)


class PlaceForm(Form):
    """A place."""

    name = StringField(
        validators=[DataRequired("places.error.name"), Length(max=MAX_NAME, message="places.error.long")]
    )
    address = StringField(
        validators=[DataRequired("places.error.address"), Length(max=MAX_ADDRESS, message="places.error.long")]
    )
    city = StringField(
        validators=[DataRequired("places.error.city"), Length(max=MAX_CITY, message="places.error.long")]
    )
    category = RadioField(validators=[DataRequired("places.error.category")])
    contact_name = StringField(
        validators=[DataRequired("places.error.contact_name"), Length(max=100, message="places.error.long")]
    )
    contact_email = StringField(validators=[Length(max=MAX_CHARACTERS, message="places.error.contact_email")])
    contact_phone = StringField(validators=[Length(max=30, message="places.error.contact_phone")])

    def validate(self, extra_validators: object = None) -> bool:
        """Return whether the fields are valid: of the contact, also an address or a telephone number."""
        is_valid = bool(super().validate(extra_validators))
        email, telephone = self.contact_email.data, self.contact_phone.data
        if email and normalize_address(email) is None:
            self.contact_email.errors = ["places.error.contact_email"]
        if telephone and not _TELEPHONE.fullmatch(telephone):
            self.contact_phone.errors = ["places.error.contact_phone"]
        if not email and not telephone:
            self.contact_phone.errors = ["places.error.contact"]
        return is_valid and not self.contact_email.errors and not self.contact_phone.errors

    def details(self) -> PlaceDetails:
        """Return the place. White space within a text becomes one space, as a line break would change the QR code."""
        return PlaceDetails(
            **{name: " ".join((self[name].data or "").split()) for name in PlaceDetails.__annotations__}
        )


@places.page("/places", right=Right.OUTBREAKS)
def overview() -> Response:
    """Find places."""
    viewer, service = current_person(), current_context().portal.places
    if not service.is_open_to(viewer):
        return pages.render("places/off.html", 403)
    text = request.args.get("q", "").replace("\0", "").strip()[:MAX_SEARCH]
    found, has_more = service.search(viewer, text)
    may_register = service.may_act(viewer, viewer.jurisdiction.code)
    return pages.render(
        "places/places.html",
        found=found,
        has_more=has_more,
        text=text,
        max_search=MAX_SEARCH,
        may_register=may_register,
    )


@places.page("/places/new", right=Right.OUTBREAKS, methods=FORM)
def register() -> Response:
    """Register a place."""
    actor, service = current_person(), current_context().portal.places
    if not service.may_act(actor, actor.jurisdiction.code):
        return pages.redirect("/places")  # which states why
    form, texts = PlaceForm(), pages.texts()
    form.category.choices = [(each, texts(f"places.category.{each}")) for each in CATEGORIES]
    if submitted(form):
        number, is_new = service.register(actor, form.details(), current_time())
        return pages.redirect(f"/places/{number}", registered="new" if is_new else "before")
    return pages.render("places/register.html", form=form, form_id="place-form")


@places.page("/places/<int:number>", right=Right.OUTBREAKS)
def place(number: int) -> Response:
    """Show a place and its alerts."""
    viewer, portal = current_person(), current_context().portal
    found = portal.places.find(viewer, number)
    portal.places.check(viewer, found.jurisdiction.code)
    return pages.render("places/place.html", place=found, alerts=portal.alerts.of_place(found))


@places.page("/places/<int:number>/poster", right=Right.OUTBREAKS)
def poster(number: int) -> Response:
    """Return the poster of a place."""
    viewer, portal = current_person(), current_context().portal
    found = portal.places.find(viewer, number)
    portal.places.check(viewer, found.jurisdiction.code)
    response = Response(portal.posters.pdf(found), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="poster-{found.location_id}.pdf"'
    return response
