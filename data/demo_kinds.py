"""The kinds of sound in the demo collection: for each a folder, words, and a function that synthesises one clip.

Each function draws pitch, tempo and timbre from ``rng``, so that clips of a kind are similar but not copies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from demo_synth import Samples, burst, drift, fade, formants, noise, place, ring, string, times, tone

Make = Callable[[np.random.Generator, int, float], Samples]
"""``(rng, rate, seconds)`` -> mono samples of any level."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind. ``name``: in file names; ``text``: what a person would type; ``seconds``: shortest and longest clip."""

    folder: str
    name: str
    text: str
    seconds: tuple[float, float]
    make: Make


def rain(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A hiss with thousands of small drops."""
    out = 0.25 * noise(rng, rate, seconds, 800, 9000, slope=0.3)
    drops = [burst(rng, rate, 0.01, f, 2 * f, decay_s=0.002) for f in rng.uniform(1500, 6000, 12)]
    for at in rng.integers(0, len(out), round(rng.uniform(150, 350) * seconds)):
        place(out, drops[rng.integers(12)] * rng.random() ** 2, int(at))
    return out


def wind(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Gusts in leaves: broad noise that swells slowly, brighter where it is louder."""
    gust = drift(rng, rate, seconds, 1.5)
    low = noise(rng, rate, seconds, 90, 500, slope=0.6) * (0.35 + 0.65 * gust)
    leaves = noise(rng, rate, seconds, rng.uniform(350, 500), 1600, slope=0.8)
    return low + 0.7 * leaves * (0.1 + gust**2)


def thunder(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A tearing crack, then a long rumble that rolls."""
    end = np.exp(-times(rate, seconds) / (seconds / 2.5))
    rumble = noise(rng, rate, seconds, 45, 220, slope=0.6) * (0.2 + drift(rng, rate, seconds, 0.3))
    out = (rumble + 0.25 * noise(rng, rate, seconds, 200, 900, slope=0.8) * drift(rng, rate, seconds, 0.12) ** 2) * end
    for at in np.cumsum(rng.uniform(0.02, 0.12, 5)):
        place(out, 1.2 * burst(rng, rate, 0.8, 80, rng.uniform(1500, 3500), decay_s=0.12), round(at * rate))
    return out


def surf(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Waves that swell and break every few seconds."""
    swell = (0.5 - 0.5 * np.cos(2 * np.pi * times(rate, seconds) / rng.uniform(3.5, 5.5) + rng.uniform(0, 6))) ** 2
    return noise(rng, rate, seconds, 200, 1500, slope=0.5) * (0.15 + swell) + 0.5 * swell * noise(
        rng, rate, seconds, 1000, 6000, slope=0.4
    )


def water_drops(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Drips into a basin: short sines whose pitch rises as the bubble closes."""
    out = np.zeros(round(rate * seconds))
    t = times(rate, 0.09)
    at = 0.05
    while at < seconds:
        start = rng.uniform(700, 1400)
        drip = tone(start * (1 + 9 * t), rate) * np.exp(-t / 0.02)
        place(out, drip * rng.uniform(0.5, 1), round(at * rate))
        at += rng.uniform(0.2, 0.6)
    return out


def siren(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A police siren's slow wail."""
    sweep = 0.5 - 0.5 * np.cos(2 * np.pi * times(rate, seconds) / rng.uniform(1.8, 3.0) + rng.uniform(0, 6))
    return tone(rng.uniform(500, 600) + rng.uniform(600, 800) * sweep, rate, (1, 0.5, 0.35, 0.2, 0.1))


def church_bell(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Slow strokes of a bell: hum, prime, minor third, fifth, nominal."""
    out = np.zeros(round(rate * seconds))
    hertz = rng.uniform(180, 330)
    partials = ((0.5, 0.6, 3.0), (1.0, 0.9, 2.2), (1.2, 0.7, 1.6), (1.5, 0.4, 1.2), (2.0, 1.0, 1.4), (2.67, 0.4, 0.8))
    stroke = ring(rate, min(seconds, 4.0), tuple((hertz * r, a, d) for r, a, d in partials))
    for at in np.arange(0.02, seconds, rng.uniform(1.4, 2.0)):
        place(out, stroke, round(at * rate))
    return out


def engine(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A car's engine: uneven firing pulses whose pace wanders, over exhaust noise that they shape."""
    speed = rng.uniform(24, 38) * (1 + 0.3 * drift(rng, rate, seconds, 1.5))
    phase = np.cumsum(speed * (1 + 0.05 * noise(rng, rate, seconds, 2, 40, slope=0.3))) / rate
    pulse = np.exp(-(phase % 1) * 5) * (0.7 + 0.3 * np.sin(np.pi * phase))
    return pulse * noise(rng, rate, seconds, 70, 420, slope=0.5) + 0.25 * noise(rng, rate, seconds, 60, 1500, slope=0.6)


def helicopter(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Rotor blades: thumps eleven to fourteen times a second, over the turbine's rush."""
    beat = (times(rate, seconds) * rng.uniform(11, 14)) % 1
    blades = 2 * noise(rng, rate, seconds, 70, 600, slope=0.6) * np.exp(-beat * 5)
    return blades + 0.35 * noise(rng, rate, seconds, 150, 3000, slope=0.5) * (0.5 + 0.5 * np.exp(-beat * 4))


def bird_chirps(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A songbird: quick falling and rising chirps in groups."""
    out = np.zeros(round(rate * seconds))
    home, at = rng.uniform(3000, 4500), 0.05
    while at < seconds:
        for _ in range(rng.integers(2, 6)):
            t = times(rate, rng.uniform(0.05, 0.1))
            sweep = home * (1 + rng.uniform(-0.25, 0.35) * t / t[-1] + 0.04 * np.sin(2 * np.pi * 40 * t))
            place(out, tone(sweep, rate, (1, 0.1)) * np.sin(np.pi * t / t[-1]) ** 2, round(at * rate))
            at += rng.uniform(0.09, 0.14)
        at += rng.uniform(0.2, 0.5)
    return out


def crickets(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A field at night: several steady carriers, each in trains of short pulses."""
    t = times(rate, seconds)
    out = 0.02 * noise(rng, rate, seconds, 200, 2000, slope=0.5)
    for _ in range(rng.integers(2, 5)):
        pulses = np.maximum(np.sin(2 * np.pi * rng.uniform(25, 35) * t), 0) ** 2
        train = np.sin(2 * np.pi * rng.uniform(1.5, 2.5) * t + rng.uniform(0, 6)) > 0
        out += np.sin(2 * np.pi * rng.uniform(4200, 5200) * t) * pulses * train * rng.uniform(0.3, 1)
    return out


SCALE = (0, 2, 4, 7, 9, 12, 14, 16)  # semitones of the major pentatonic scale


def plucked_strings(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A guitar-like instrument picking a broken chord."""
    out = np.zeros(round(rate * seconds))
    root, step = rng.uniform(98, 147), rng.uniform(0.18, 0.35)
    for at in np.arange(0.01, seconds, step):
        hertz = root * 2 ** (SCALE[rng.integers(6)] / 12)
        place(out, string(rng, rate, 1.5, hertz, rng.uniform(0.4, 0.9)), round(at * rate))
    return out


def drum_beat(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Bass drum, snare and hi-hat in eighths."""
    out = np.zeros(round(rate * seconds))
    t = times(rate, 0.3)
    kick = 1.6 * tone(45 + 110 * np.exp(-t / 0.03), rate) * np.exp(-t / 0.12)
    snare = burst(rng, rate, 0.2, 400, 5000, decay_s=0.06) * 0.5 + np.pad(
        ring(rate, 0.15, ((190, 0.8, 0.05),)), (0, round(rate * 0.2) - round(rate * 0.15))
    )
    hat = 0.2 * burst(rng, rate, 0.08, 6000, 10000, decay_s=0.02)
    for number, at in enumerate(np.arange(0.01, seconds, 30 / rng.uniform(85, 130))):
        place(out, hat, round(at * rate))
        if number % 4 == 0 or rng.random() < 0.12:
            place(out, kick, round(at * rate))
        if number % 4 == 2:
            place(out, snare, round(at * rate))
    return out


def organ_tune(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A simple tune on a small organ."""
    out = np.zeros(round(rate * seconds))
    root, beat = rng.uniform(260, 350), rng.uniform(0.22, 0.34)
    at = 0.0
    while at < seconds:
        length = beat * rng.choice([1, 1, 2])
        pitch = np.full(round(rate * length), root * 2 ** (SCALE[rng.integers(len(SCALE))] / 12))
        place(out, fade(tone(pitch, rate, (1, 0.6, 0.1, 0.4, 0, 0.1, 0, 0.2)), rate, 0.02), round(at * rate))
        at += length
    return out


def whistled_tune(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A person whistling: nearly pure tones that glide and tremble, with breath."""
    root, beat = rng.uniform(900, 1200), rng.uniform(0.25, 0.4)
    notes = root * 2 ** (np.array(SCALE)[rng.integers(0, 6, int(seconds / beat) + 2)] / 12)
    count = round(rate * seconds)
    steps = np.repeat(notes, round(beat * rate))[:count]
    window = np.hanning(round(0.06 * rate))
    glide = np.convolve(np.pad(steps, len(window), mode="edge"), window / window.sum(), "same")[
        len(window) : len(window) + count
    ]
    vibrato = 1 + 0.008 * np.sin(2 * np.pi * 5.5 * times(rate, seconds))
    return tone(glide * vibrato, rate, (1, 0.03)) + 0.05 * noise(rng, rate, seconds, 800, 4000, slope=0.3)


def alarm_clock(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """An electronic alarm: four beeps, a pause, again."""
    t = times(rate, seconds)
    beeps = ((t * 8) % 1 < 0.5) & ((t % 1.0) < 0.5)
    pitch = np.full(len(t), rng.uniform(1900, 2400))
    return tone(pitch, rate, (1, 0, 0.4, 0, 0.2)) * beeps


def clock_ticking(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A wall clock: tick, tock."""
    out = np.zeros(round(rate * seconds))
    hertz = rng.uniform(2200, 3200)
    for number, at in enumerate(np.arange(0.1, seconds, rng.uniform(0.45, 0.55))):
        pitch = hertz * (1 if number % 2 else 0.8)
        place(out, ring(rate, 0.05, ((pitch, 1, 0.006), (pitch * 2.3, 0.5, 0.003))), round(at * rate))
    return out + 0.002 * noise(rng, rate, seconds, 100, 3000, slope=0.5)


def telephone(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """An old telephone's two gongs, hammered twenty times a second, one second on and one off."""
    t = times(rate, seconds)
    hertz = rng.uniform(950, 1250)
    gongs = tone(np.full(len(t), hertz), rate, (1, 0, 0.4)) + tone(np.full(len(t), hertz * 1.26), rate, (1, 0, 0.4))
    hammer = np.exp(-((t * rng.uniform(18, 22)) % 1) * 1.5)
    return gongs * hammer * ((t % 2.0) < 1.1)


def glass_clink(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Two glasses touching, now and then: a click, then two rims that ring slightly apart."""
    out = np.zeros(round(rate * seconds))
    for at in np.arange(0.05, seconds, rng.uniform(0.5, 0.9)):
        hertz = rng.uniform(2300, 3300)
        modes = tuple(
            (hertz * r * d, a / d, 0.12 / r) for r, a in ((1, 1), (1.83, 0.8), (2.71, 0.6)) for d in (1, 1.06)
        )
        clink = ring(rate, 0.6, modes) * rng.uniform(0.6, 1)
        place(clink, burst(rng, rate, 0.01, 3000, 9000, decay_s=0.002), 0)
        place(out, clink, round(at * rate))
    return out


def footsteps(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Shoes on gravel: a dull heel, then dozens of small stones that crunch."""
    out = np.zeros(round(rate * seconds))
    for at in np.arange(0.08, seconds, rng.uniform(0.45, 0.65)):
        start = at + rng.normal(0, 0.01)
        place(out, 0.5 * burst(rng, rate, 0.1, 90, 300, decay_s=0.02), round(start * rate))
        for stone in start + np.abs(rng.normal(0, 0.07, 40)):
            grain = burst(rng, rate, 0.02, 1200, rng.uniform(2500, 6000), decay_s=0.004)
            place(out, grain * rng.uniform(0.1, 0.5), round(stone * rate))
    return out


VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
# a e i o u: mean formants of men in Peterson and Barney, JASA 24 (1952)


def sung_vowels(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A voice that sings one vowel after the other."""
    count = round(rate * seconds)
    pitch = rng.uniform(110, 230) * (1 + 0.012 * np.sin(2 * np.pi * 5 * times(rate, seconds)))
    source = tone(pitch, rate, tuple(1 / n for n in range(1, 40)))
    out = np.zeros(count)
    length = rng.uniform(0.45, 0.8)
    scale = rng.uniform(0.95, 1.15)
    for at in np.arange(0, seconds, length):
        part = source[round(at * rate) : round((at + length) * rate)]
        if len(part) > rate // 20:
            vowel = tuple(f * scale for f in VOWELS[rng.integers(5)])
            place(out, fade(formants(part, rate, vowel), rate, 0.05), round(at * rate))
    return out


def applause(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Many hands clapping, each at its own pace."""
    out = np.zeros(round(rate * seconds))
    for _ in range(rng.integers(25, 45)):
        clap = burst(rng, rate, 0.03, rng.uniform(700, 1200), rng.uniform(1800, 3200), decay_s=0.006)
        pace, at = rng.uniform(0.18, 0.32), rng.uniform(0, 0.3)
        while at < seconds:
            place(out, clap * rng.uniform(0.3, 1), round(at * rate))
            at += pace * rng.uniform(0.9, 1.1)
    return out


def heartbeat(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Lub-dub, from inside."""
    out = np.zeros(round(rate * seconds))
    low = rng.uniform(45, 60)
    for at in np.arange(0.05, seconds, rng.uniform(0.7, 1.0)):
        place(out, ring(rate, 0.25, ((low, 1, 0.05), (low * 1.7, 0.3, 0.03))), round(at * rate))
        place(out, 0.7 * ring(rate, 0.2, ((low * 1.25, 1, 0.04),)), round((at + 0.28) * rate))
    return out


def hand_saw(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """Sawing wood: rasping strokes to and fro."""
    t = times(rate, seconds)
    stroke = rng.uniform(1.2, 1.8)
    force = np.abs(np.sin(np.pi * stroke * t)) ** 1.5
    teeth = 0.5 + 0.5 * np.sin(2 * np.pi * np.cumsum(60 + 90 * force) / rate)
    return noise(rng, rate, seconds, rng.uniform(1200, 1800), 4500, slope=0.0) * force * teeth


def laser_zap(rng: np.random.Generator, rate: int, seconds: float) -> Samples:
    """A game's laser: quick falls in pitch."""
    out = np.zeros(round(rate * seconds))
    for at in np.arange(0.02, seconds, rng.uniform(0.3, 0.5)):
        t = times(rate, 0.25)
        fall = rng.uniform(2500, 4000) * np.exp(-t / 0.07) + 120
        place(out, tone(fall, rate, (1, 0.5, 0.33, 0.25)) * np.exp(-t / 0.12), round(at * rate))
    return out


KINDS = (
    Kind("weather", "rain_on_leaves", "rain falling on leaves", (3, 12), rain),
    Kind("weather", "wind_in_trees", "wind blowing in gusts", (3, 8), wind),
    Kind("weather", "thunder_clap", "a clap of thunder with a long rumble", (3, 6), thunder),
    Kind("water", "surf_on_beach", "waves breaking on a beach", (5, 12), surf),
    Kind("water", "water_drops", "water dripping into a basin", (1, 4), water_drops),
    Kind("city", "police_siren", "a police siren wailing", (2, 6), siren),
    Kind("city", "church_bell", "a church bell tolling", (2, 6), church_bell),
    Kind("city", "car_engine", "a car engine running", (2, 6), engine),
    Kind("city", "helicopter_rotor", "a helicopter flying", (2, 6), helicopter),
    Kind("animals", "bird_chirps", "a songbird chirping", (1, 5), bird_chirps),
    Kind("animals", "crickets_at_night", "crickets at night", (2, 6), crickets),
    Kind("music", "plucked_strings", "plucked guitar strings", (1, 5), plucked_strings),
    Kind("music", "drum_beat", "a drum kit playing a beat", (2, 5), drum_beat),
    Kind("music", "organ_tune", "a simple tune on an organ", (2, 5), organ_tune),
    Kind("music", "whistled_tune", "a person whistling a tune", (2, 5), whistled_tune),
    Kind("home", "alarm_clock", "an alarm clock beeping", (1, 4), alarm_clock),
    Kind("home", "clock_ticking", "a clock ticking", (2, 5), clock_ticking),
    Kind("home", "telephone_ring", "an old telephone ringing", (2, 4), telephone),
    Kind("home", "glass_clink", "glasses clinking", (1, 3), glass_clink),
    Kind("people", "footsteps_on_gravel", "footsteps on gravel", (2, 5), footsteps),
    Kind("people", "sung_vowels", "a voice singing vowels", (1, 4), sung_vowels),
    Kind("people", "applause", "an audience applauding", (2, 6), applause),
    Kind("people", "heartbeat", "a heart beating", (2, 5), heartbeat),
    Kind("tools", "hand_saw", "a hand saw cutting wood", (2, 5), hand_saw),
    Kind("games", "laser_zap", "a laser zap in a video game", (1, 2.5), laser_zap),
)
