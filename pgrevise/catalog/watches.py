"""What a look at the system catalogs watches: which rows, and the objects that they are part of.

Pure: `look_query` puts the query together, `pgrevise.catalog.tracking` asks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pgrevise.queries import load

#: The watch of whatever makes a full read necessary.
RARE = "rare"
#: The part of a look that tells where the next one begins.
HORIZON = "horizon"


@dataclass(frozen=True)
class Watch:
    """Rows of a system catalog, ``r``, and the object that each is part of.

    ``key`` identifies a row. The object is the one with the number ``owner`` in ``owner_catalog``,
    both as SQL; without ``owner`` it is the row itself. Rows of initdb's, which are numbered below
    16384, are passed over by ``condition``.
    """

    name: str
    catalog: str
    owner_catalog: str = ""
    owner: str = ""
    key: str = "r.oid"
    condition: str = "true"

    @property
    def sql(self) -> str:
        """The part of a look."""
        return load("pgrevise.catalog", "sql", "tracking.sql")["watched"].format(
            watch=f"'{self.name}'",
            catalog=self.catalog,
            key=self.key,
            owner_catalog=self.owner_catalog or f"'{self.catalog}'::regclass::oid",
            owner=self.owner or self.key,
            condition=self.condition,
        )


_RELATION = "'pg_class'::regclass::oid"
_TYPE = "'pg_type'::regclass::oid"
#: A TOAST table stands for the table whose number its name ends in.
_TOASTED = "CASE r.relkind WHEN 't' THEN substr(r.relname, 10)::oid ELSE r.oid END"

WATCHES = (
    Watch("relations", "pg_class", _RELATION, _TOASTED, condition="r.oid >= 16384"),
    Watch(
        "columns",
        "pg_attribute",
        _RELATION,
        key="r.attrelid",
        condition="r.attrelid >= 16384",
    ),
    Watch("defaults", "pg_attrdef", _RELATION, "r.adrelid"),
    Watch("constraints", "pg_constraint", condition="r.oid >= 16384"),
    Watch("indexes", "pg_index", _RELATION, key="r.indexrelid", condition="r.indexrelid >= 16384"),
    # Inheritance and partitions.
    Watch(
        "parents", "pg_inherits", _RELATION, "r.inhrelid", key="r.inhrelid || '.' || r.inhparent"
    ),
    Watch("sequences", "pg_sequence", _RELATION, key="r.seqrelid"),
    # The column that a sequence belongs to.
    Watch(
        "ownership",
        "pg_depend",
        _RELATION,
        "r.objid",
        key="concat_ws('.', r.objid, r.refobjid, r.refobjsubid, r.deptype)",
        condition="r.classid = 'pg_class'::regclass AND r.objid >= 16384 "
        "AND r.refclassid = 'pg_class'::regclass AND r.refobjsubid > 0 "
        # A partial index may depend on a column twice: those of indexes have no key.
        "AND r.objid IN (SELECT seqrelid FROM pg_sequence)",
    ),
    # Those of the rows of tables too.
    Watch("types", "pg_type", condition="r.oid >= 16384"),
    Watch("labels", "pg_enum", _TYPE, "r.enumtypid"),
    Watch("triggers", "pg_trigger"),
    # Triggers once more, for the constraint that they enforce.
    Watch(
        "constraint_triggers",
        "pg_trigger",
        "'pg_constraint'::regclass::oid",
        "r.tgconstraint",
        condition="r.tgconstraint <> 0",
    ),
    Watch("rules", "pg_rewrite", condition="r.oid >= 16384"),
    # Rules once more, for the view or table that they belong to.
    Watch("view_rules", "pg_rewrite", _RELATION, "r.ev_class", condition="r.oid >= 16384"),
    Watch("policies", "pg_policy"),
    Watch("statistics", "pg_statistic_ext"),
    Watch(
        "comments",
        "pg_description",
        "r.classoid::oid",
        "r.objoid",
        key="concat_ws('.', r.classoid, r.objoid, r.objsubid)",
        condition="r.objoid >= 16384",
    ),
)

_NUMBERED_RARE = (
    "pg_proc",
    "pg_operator",
    "pg_cast",
    "pg_collation",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_opclass",
    "pg_opfamily",
    "pg_extension",
    "pg_default_acl",
    "pg_foreign_server",
    "pg_foreign_data_wrapper",
    "pg_language",
    "pg_am",
    "pg_conversion",
    "pg_transform",
)
#: Which rows make a full read necessary: of which catalog, their key, and the condition on them.
_RARE = (
    *((catalog, "r.oid", "r.oid >= 16384") for catalog in _NUMBERED_RARE),
    ("pg_aggregate", "r.aggfnoid::oid", "r.aggfnoid::oid >= 16384"),
    ("pg_ts_config_map", "r.mapcfg", "r.mapcfg >= 16384"),
    ("pg_range", "r.rngtypid", "r.rngtypid >= 16384"),
    ("pg_foreign_table", "r.ftrelid", "r.ftrelid >= 16384"),
    ("pg_partitioned_table", "r.partrelid", "r.partrelid >= 16384"),
    ("pg_seclabel", "r.objoid", "r.objoid >= 16384"),
    ("pg_namespace", "r.oid", "r.nspname !~ '^pg_' AND r.nspname <> 'information_schema'"),
    # What belongs to extensions or goes away with them.
    ("pg_depend", "r.objid", "r.refclassid = 'pg_extension'::regclass AND r.refobjid >= 16384"),
)


@cache
def look_query() -> str:
    """The query of a look, with a part for every watch."""
    queries = load("pgrevise.catalog", "sql", "tracking.sql")
    parts = [watch.sql for watch in WATCHES] + [
        queries["rare"].format(catalog=catalog, key=key, condition=condition)
        for catalog, key, condition in _RARE
    ]
    return queries["look"].format(parts=" UNION ALL ".join(parts))
