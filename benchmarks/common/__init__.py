"""What every benchmark needs: the machine it ran on, material, reports, outputs."""
