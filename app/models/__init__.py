"""Every declarative model of the application.

`from app import models` imports each module of this package, so `models.metadata` is complete and
a module that is added is found without touching a list. Classes are imported from their own
module: `from app.models.jobs import QueueJob`.
"""

from __future__ import annotations

import importlib
import pkgutil

from app.models.base import Base

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

metadata = Base.metadata

__all__ = ["Base", "metadata"]
