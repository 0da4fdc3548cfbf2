"""The load generators that are our own: one process, epoll, no parsing on the way."""
