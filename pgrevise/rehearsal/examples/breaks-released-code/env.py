from models import Base

from pgrevise import environment

environment.run(Base.metadata)
