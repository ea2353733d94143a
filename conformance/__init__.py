"""The clauses of the contract, and the pytest suite that checks them."""
