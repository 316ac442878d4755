

aRelub

bRelua:0

endRelua^b"