"""The resumable way in: tus 1.0.0. Its uploads end in the same store as those of `uploads`."""
