"""The server: sockets, time and back-pressure around a room that knows of none of them.

listener     accepts connections, counts places, starts and stops everything
connection   one socket: feed the codec, run the commands, write the answers
slots        the answers of one connection, leaving in the order of its requests
fanout       pushes: live followers together, slow ones each at its own pace
carrier      the room's task: batches to the log, outcomes back
deadlines    what is silent, half-sent or lingering for too long
sockets      listening, and clients that vanished without a word
"""
