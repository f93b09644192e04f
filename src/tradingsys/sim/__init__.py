"""An exchange in a box: it speaks the real venues' wire protocols on local sockets."""
