# Adds to the thrift compiler's C in FILE what its finalizers leave out: the call of GObject's own, without
# which each object leaks the 32 bytes that its last g_object_unref() takes.
file(READ "${FILE}" text)
string(REGEX REPLACE "(_finalize \\(GObject \\*object\\)\n{\n)"
       "\\1  G_OBJECT_CLASS (g_type_class_peek (G_TYPE_OBJECT))->finalize (object);\n" chained "${text}")
if(chained STREQUAL text)
  message(FATAL_ERROR "${FILE}: no finalizer found")
endif()
file(WRITE "${FILE}" "${chained}")
