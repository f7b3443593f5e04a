from setuptools import setup

setup(
    name="older",
    version="0.9",
    packages=["shop"],
    python_requires=">=3.9,<3.13",
    entry_points={"console_scripts": ["older-shop=shop:main"]},
)
