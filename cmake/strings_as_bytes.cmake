# Copies FROM to TO with every string field declared as bytes.
file(READ "${FROM}" text)
string(REGEX REPLACE "([\n{(,<] *(repeated |optional )?)string( +[a-z_0-9]+ *=|>|,)" "\\1bytes\\3" text "${text}")
file(WRITE "${TO}" "${text}")
