# SPDX-License-Identifier: BSD-2-Clause
"""Holds documents against the published schemas.

  schema.py results SCHEMA FILE...        JSON of the program; the name of a file is that of the
                                          subcommand up to a dot
  schema.py changed SCHEMA FILE...        the same with one change each: none is accepted; and
                                          between them they have every member of the schema
  schema.py scenarios SCHEMA VKEPT DIR    shipped scenarios: both accept them
  schema.py broken SCHEMA VKEPT DIR LIST  broken ones: what the schema refuses the program
                                          refuses; what it accepts is on LIST, with the reason
  schema.py mutants SCHEMA VKEPT DIR OUT  shipped ones with one change each

Status 0: they agree; 1: they do not; 77: a module is not installed.
"""
import copy
import glob
import json
import os
import random
import subprocess
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(missing)
    sys.exit(77)

WRONG = 0


def complain(*words):
    global WRONG
    WRONG += 1
    if WRONG <= 20:
        print(*words)


def validator(path):
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def load(path):
    """A YAML file as an editor sees it; None when it is none."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with open(path, "rb") as file:
            return [yaml.load(file, Loader=loader)]
    except (yaml.YAMLError, ValueError, TypeError):
        return None


def files(directory):
    return sorted(glob.glob(directory + "/**/*.yaml", recursive=True))


def verdicts(vkept, directory):
    """Which files the program accepts."""
    done = subprocess.run([vkept, "check", "-f", "json", directory], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return {entry["file"]: not entry["errors"] for entry in json.loads(done.stdout)["files"]}


def documents(paths):
    """Each document with the name of its definition."""
    for path in paths:
        with open(path, encoding="utf-8") as file:
            yield path, os.path.basename(path).split(".")[0], json.load(file)


def definitions(path):
    """What holds a document of each subcommand."""
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    return {name: jsonschema.Draft7Validator({"$ref": "#/definitions/" + name,
                                              "definitions": schema["definitions"]})
            for name in schema["definitions"]}


def results(schema, *paths):
    check = definitions(schema)
    for path, name, document in documents(paths):
        for error in check[name].iter_errors(document):
            complain(path, list(error.absolute_path), error.message[:200])
    print(len(paths), "results")


def members(node, at=(), way=()):
    """Every member of a document: the keys that lead to it, and those with indices."""
    if isinstance(node, dict):
        for key in node:
            yield at + (key,), way + (key,)
            yield from members(node[key], at + (key,), way + (key,))
    elif isinstance(node, list):
        for index, element in enumerate(node):
            yield from members(element, at, way + (index,))


def thin(node, way):
    """A copy with one element in each array: on the way that one, elsewhere the first."""
    if isinstance(node, dict):
        return {key: thin(node[key], way[1:] if way[:1] == (key,) else ()) for key in node}
    if isinstance(node, list):
        index = way[0] if way else 0
        return [thin(element, way[1:]) for element in node[index:index + 1]]
    return node


# Objects whose members may have any name.
FREE = {"counters", "missing"}


def variants(at, document):
    """Small documents in which the member at the end of `at` has another name, or is none."""
    for rename in (True, False):
        node = variant = copy.deepcopy(document)
        for key in at[:-1]:
            node = node[key]
            node = node[0] if isinstance(node, list) else node
        if not rename:
            node[at[-1]] = {"xyzzy": None}
            yield "may be anything", variant
        elif not FREE & set(at[:-1]):
            node[at[-1] + "z"] = node.pop(at[-1])
            yield "may have any name", variant


def changed(schema, *paths):
    check = definitions(schema)
    small = {}
    for path, name, document in documents(paths):
        for at, way in members(document):
            if (name, at) not in small:
                small[name, at] = path, thin(document, way)
    for (name, at), (path, document) in small.items():
        if not check[name].is_valid(document):
            complain(path, at, "is refused as it is")
        for what, variant in variants(at, document):
            if check[name].is_valid(variant):
                complain(path, at, what)
    with open(schema, encoding="utf-8") as file:
        known = {at[-1] for at, _ in members(json.load(file)) if at[-2:-1] == ("properties",)}
    unseen = known - {at[-1] for _, at in small}
    if unseen:
        complain("in the schema, and in no result:", *sorted(unseen))
    print(len(small), "members")


def scenarios(schema, vkept, directory):
    check = validator(schema)
    accepted = verdicts(vkept, directory)
    for path in files(directory):
        document = load(path)
        if document is None or not accepted[path]:
            complain(path, "cannot be loaded")
            continue
        for error in check.iter_errors(document[0]):
            complain(path, list(error.absolute_path), error.message[:200])
            break
    print(len(accepted), "scenario files")


def broken(schema, vkept, directory, listed):
    check = validator(schema)
    accepted = verdicts(vkept, directory)
    with open(listed, encoding="utf-8") as file:
        lines = [line.split(None, 1) for line in file if line[0] not in "#\n"]
    beyond = {directory + "/" + words[0] for words in lines if len(words) == 2}
    refused = set()
    for path in files(directory):
        document = load(path)
        if document is None or not check.is_valid(document[0]):
            refused.add(path)
    for path in accepted:
        if accepted[path]:
            complain(path, "is broken, and the program accepts it")
        if (path in refused) == (path in beyond):
            complain(path, "is refused by the schema, and listed as beyond it"
                     if path in refused else "is accepted by the schema, for no reason listed")
    for path in beyond - set(accepted):
        complain(path, "is listed and does not exist")
    print(len(accepted), "broken files,", len(refused), "of them refused by the schema")


def places(node, found):
    """Every (container, key) of a document."""
    keys = list(node) if isinstance(node, dict) else range(len(node))
    for key in keys:
        found.append((node, key))
        if isinstance(node[key], (dict, list)):
            places(node[key], found)
    return found


def add_key(document, _):
    document["xyzzy"] = 1


def add_thread_key(document, _):
    document["threads"][0]["xyzzy"] = 1


def no_threads(document, _):
    del document["threads"]


def wrong_role(document, _):
    document["threads"][0]["role"] = "servant"


def steps_of_text(document, _):
    document["threads"][0]["steps"] = "read"


def no_such_operation(document, _):
    document["threads"][0]["steps"].append({"raed": {"at": 1}})


def two_operations(document, _):
    document["threads"][0]["steps"].append({"hlt": None, "pause": None})


def negative(document, _):
    document.setdefault("machine", {})["cpus"] = -1


def too_large(document, _):
    document.setdefault("machine", {})["cpus"] = 65


def replace(document, chance):
    node, key = chance.choice(places(document, []))
    node[key] = chance.choice(["xyzzy", -1, 7, None, [], {}, True, "0x10"])


def rename(document, chance):
    node, key = chance.choice([place for place in places(document, [])
                               if isinstance(place[0], dict)])
    node[str(key) + "z"] = node.pop(key)


def delete(document, chance):
    node, key = chance.choice(places(document, []))
    del node[key]


# What a schema can tell for certain, and what it may leave to the program.
CERTAIN = [add_key, add_thread_key, no_threads, wrong_role, steps_of_text, no_such_operation,
           two_operations, negative, too_large]
PERHAPS = [replace, rename, delete]


def mutants(schema, vkept, directory, out):
    check = validator(schema)
    mutations = {}
    for index, path in enumerate(files(directory)):
        change = (CERTAIN + 3 * PERHAPS)[index % (len(CERTAIN) + 3 * len(PERHAPS))]
        document = copy.deepcopy(load(path)[0])
        change(document, random.Random(index))
        name = "%s/%04d-%s.yaml" % (out, index, change.__name__)
        with open(name, "w", encoding="utf-8") as file:
            yaml.dump(document, file, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper),
                      sort_keys=False)
        mutations[name] = change
    accepted = verdicts(vkept, out)
    counts = {True: 0, False: 0}
    for path, change in mutations.items():
        valid = check.is_valid(load(path)[0])
        counts[valid] += 1
        if accepted[path] and not valid:
            complain(path, "is refused by the schema alone")
        if change in CERTAIN and (accepted[path] or valid):
            complain(path, "is accepted by", "the program" if accepted[path] else "the schema")
    print(len(mutations), "mutants,", counts[False], "of them refused by the schema")


def main():
    commands = {"results": results, "changed": changed, "scenarios": scenarios,
                "broken": broken, "mutants": mutants}
    commands[sys.argv[1]](*sys.argv[2:])
    sys.exit(1 if WRONG else 0)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
