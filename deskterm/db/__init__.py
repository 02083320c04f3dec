"""What is stored: models by column, the connection, migrations and the journal."""
