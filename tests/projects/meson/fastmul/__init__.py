from fastmul._mul import mul as mul
