"""How the tests check types at run time: as mypy reads them, where an int does for a float."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
