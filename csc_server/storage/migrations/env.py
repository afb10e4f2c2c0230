"""What Alembic runs to find out where the steps go: the connection that ``schema`` handed over."""

from alembic import context

from csc_server.storage import (
    api_tables,  # noqa: F401 - joins the metadata
    approval_tables,  # noqa: F401 - joins the metadata
    document_tables,  # noqa: F401 - joins the metadata
    message_tables,  # noqa: F401 - adds its tables to the metadata
    oauth_tables,  # noqa: F401 - joins the metadata
    people_tables,  # noqa: F401 - joins the metadata
    session_tables,  # noqa: F401 - joins the metadata
)
from csc_server.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # One transaction for all steps, begun and ended by ``schema``.
    transaction_per_migration=False,
)
context.run_migrations()
