#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *mul(PyObject *self, PyObject *args) {
    long one, other;
    if (!PyArg_ParseTuple(args, "ll", &one, &other)) return NULL;
    return PyLong_FromLong(one * other);
}
static PyMethodDef methods[] = {{"mul", mul, METH_VARARGS, "The product of two numbers."}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_mul", NULL, -1, methods};
PyMODINIT_FUNC PyInit__mul(void) { return PyModule_Create(&module); }
