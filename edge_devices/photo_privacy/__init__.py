"""What a photo tells beside its picture, taken out before it leaves the device. Encodes no picture again."""
