"""Pictures, waveforms and files of clips, and the cache of them."""
