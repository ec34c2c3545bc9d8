"""The shared record: open a space, deposit, replace, find and read documents, authorise a professional."""
