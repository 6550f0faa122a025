"""What people see of received files, and Pis that ask to be let in. Changes no file."""
