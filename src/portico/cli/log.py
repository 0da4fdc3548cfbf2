"""`portico log`: to come."""
def add_to(commands): pass
