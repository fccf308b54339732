"""The forward-backward recursions over a set of sequences, and which kernels they run on.

`sweep` chooses. What is right for every model is `kernels`, one row after the other (`row_sweep`).
Models without zeros go faster: eight sequences at a time (`lane_kernels`, `lane_sweep`), eight
pieces of a long one (`piece_kernels`, `piece_sweep`), or eight states of one (`state_kernels`,
`state_sweep`). `layout` says what stands in which lane; `chunks` shares the work out among threads.
"""
