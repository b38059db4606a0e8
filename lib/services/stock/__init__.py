"""The stock service."""

from ...model import ServiceFactory
from .service import stock
from .settings import StockSettings

FACTORY = ServiceFactory(name="stock", settings=StockSettings, build=stock)
