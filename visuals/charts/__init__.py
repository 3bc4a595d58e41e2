"""Plotly figures, one file each; `visuals.VIEWS` is their table."""
