"""Files on their way: how the client fetches and deposits them.

Bytes move on blocking sockets of their own, in threads: asyncio's streams have a quarter of the speed.

    AsyncClient.get, put...   files.py: the methods, nothing but words
    job                       a thread that works for an event loop: reports, is stopped
    route -> channel          one connection after another until the work is done; one connection
    inbox                     the bytes that came, read value by value, bulk bytes never copied twice
    fetch, fetch_tree         what is asked for one file, for many
    part, folders             where the bytes go: never half under the final name, never outside
    deposit, deposit_tree     the way back
    uploads                   what an earlier run began, so that the next one goes on with it
    trail                     a digest that follows behind the bytes, in a thread of its own

Everything here but `job` is ordinary blocking code: a function that returns when the work is done, and raises
a `PorticoError` when it cannot be. A channel takes no place in the room: it moves files in the name of the
client's session, or as a visitor when there is none. What was said on one that
broke, FINISH too, is said again on the next.

Nothing the server says of names is believed (see `folders`), and nothing of digests: what was received is
hashed here, and compared.
"""
