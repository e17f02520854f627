$VKEPT bits --as guest-pte --level 2 0x80000000002010e7
