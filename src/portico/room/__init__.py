"""The room: one reducer over one log, and what stands around it.

`state` and `reducer` are the room's memory and the only code that changes it; `outbox` collects proposals
into batches; `room` refuses what the applied state already forbids and hands out answers; `history` reads
the past back. Nothing here waits, reads a clock or throws dice: time comes with each request.
"""
