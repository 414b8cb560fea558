"""The project's tasks: `invoke --list`. They are the toolkit's, used as they are."""

from pgrevise.tasks import namespace

ns = namespace()
