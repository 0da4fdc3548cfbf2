"""The server: sockets, time and back-pressure around a room that knows of none of them.

listener     listens, starts and stops everything
door         who is connected, who holds which session, who has been there for too long
connection   one socket: feed the codec, run the commands, write the answers
slots        the answers of one connection, leaving in the order of its requests
fanout       pushes: live followers together, slow ones each at its own pace
carrier      the room's task: batches to the log, outcomes back
deadlines    times that run out
sockets      listening, and clients that vanished without a word
measures     what it counts about itself
"""
