"""What job workers compare with: everyone who is sought. Their results go to whoever asked (`ResultConsumer`)."""
