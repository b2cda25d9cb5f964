"""What all models of the portal share."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import BigInteger, DateTime, Identity, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

from app.store.tables import metadata

BigKey = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Digest = Annotated[bytes, mapped_column(LargeBinary)]  # a keyed hash of 32 bytes
JurisdictionCode = Annotated[str, mapped_column(String(8))]


class Model(DeclarativeBase):
    """The base of all models. Their `repr` shows no values, so that none reaches a log."""

    metadata = metadata
