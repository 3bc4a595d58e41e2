"""The gradio side of the pictures. With app.py it alone imports gradio, and it calls the door of accel."""
