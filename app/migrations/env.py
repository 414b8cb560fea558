"""Where Alembic begins; every decision is made in `pgrevise.environment`."""

from app import models
from pgrevise import environment

environment.run(models.metadata)
