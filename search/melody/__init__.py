"""Finding a tune by humming it: tunes and hums become contours, contours are found by windows and aligned exactly.

``midi`` and ``recording`` make tunes, ``pitch`` follows a hum, ``notes`` reads typed ones, ``contours`` frees them of
key and tempo, ``index`` keeps and finds them, ``alignment`` compares note by note, ``confidence`` says how sure to be.
"""
