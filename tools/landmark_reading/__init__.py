"""Makes mediapipe_reading.npz and the offsets of definition.py in core/landmarks: what MediaPipe's landmarks usually mean.

Hands of 340 stand-in bodies in random poses, views and light are drawn, MediaPipe looks at the pictures, and a small network
learns which hand its landmarks stood for. Nothing here is needed to use the extension. From the top of the checkout, with
the hand model that `scripts/handmocap.py setup` made as MODEL (`models/hand_landmarker.task` in the worker's environment):

    python3.11 -m venv reading-venv
    reading-venv/bin/pip install --no-deps --only-binary=:all: -r handmocap_addon/requirements/worker.txt
    reading-venv/bin/pip install -r handmocap_addon/requirements/stand_in.txt
    reading-venv/bin/pip install moderngl torch
    export OMP_NUM_THREADS=1
    reading-venv/bin/python -m tools.landmark_reading.gather --model MODEL --first 0 --last 4000 --out gathered_0.npz &
    reading-venv/bin/python -m tools.landmark_reading.gather --model MODEL --first 4000 --last 8000 --out gathered_1.npz &
    wait
    reading-venv/bin/python -m tools.landmark_reading.train gathered_*.npz
    reading-venv/bin/python -m tools.landmark_reading.measure_definition gathered_*.npz

A picture costs 0.2 s of one processor core (EGL draws it, in software where there is no graphics card), so 8,000 of them
take 14 minutes on two; they show 13,500 hands, of which 11,300 are of use. Training takes one to two minutes, measuring two
seconds.

The committed network learned from 22,400 hands of two rounds: these 8,000 pictures, and 9,800 of an earlier recipe (seven
tenths plain bodies, fingers less long, fewer straight hands). Trained on the 8,000 alone it is 0.6 degrees worse on the
benchmark's clips.
"""
