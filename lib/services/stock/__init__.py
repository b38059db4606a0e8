"""The stock service."""

from ...model import ServiceFactory
from .examples import SEED
from .journey import JOURNEY
from .service import stock
from .settings import StockSettings
from .workload import WORKLOAD

FACTORY = ServiceFactory(
    name="stock", settings=StockSettings, build=stock, workload=WORKLOAD, journey=JOURNEY, seed=SEED
)
