"""PostgreSQL: one module per family of tables; every function takes the connection it runs on."""
