"""The networks that are measured, at which sizes, and the ratios that the project asks for."""
# name, model, --dim of the compiled code, --at of the measurement, ratio that the project asks for
ZOO = [
    ("jet MLP 16-64-32-32-5, batch 1", "jet_mlp", ["batch=1"], [], 18),
    ("jet MLP, batch 256", "jet_mlp", ["batch=256"], [], 1.5),
    ("AXOL1TL", "axol1tl", ["batch=1"], [], 12),
    ("superclustering MLP", "superclustering", ["batch=1"], [], 2.8),
    ("ACTS duplicate classifier", "acts_duplicate", ["batch=1"], [], 2.3),
    *[(f"GN2 jet-only, {n} tracks", "gn2", ["n_tracks=0..40"], [f"n_tracks={n}"], goal)
      for n, goal in ((0, 20), (1, 2.1), (5, 1.6), (15, 1.3), (40, 1.3))],
    *[(f"GN2 with auxiliary outputs, {n} tracks", "gn2_aux", ["n_tracks=0..40"], [f"n_tracks={n}"], goal)
      for n, goal in ((15, 2.0), (40, 2.4))],
    ("ParticleNet HLT AK4", "particlenet_hlt_ak4", ["N=1", "n_pf=50", "n_sv=5"], [], 3.2),
    ("ParticleNet AK8, 100 particles", "particlenet_ak8", ["N=1", "n_pf=100", "n_sv=10"], [], 2.2),
    ("RobustParT AK4", "robust_part_ak4", ["N=1", "n_cpf=26", "n_npf=25", "n_vtx=5"], [], 2.5),
    ("ParT, 128 particles", "part", ["N=1", "n_pf=128"], [], 1.75),
    ("DeepDoubleX", "deepdoublex", ["N=1"], [], 2.4),
    ("DeepFlavour", "deepflavour_hlt", ["N=1"], [], 1.6),
    ("CaloDiffusion step, data set 1", "calodiffusion_ds1", ["batch=1"], [], 2.5),
    ("CaloDiffusion step, data set 2", "calodiffusion_ds2", ["batch=1"], [], 3.1),
    ("CaloDREAM ViT", "calodream_vit", ["batch=1"], [], 2.0),
    ("Par04 VAE, batch 1", "par04_vae", ["batch=1"], [], 1.1),
    ("Par04 VAE, batch 64", "par04_vae", ["batch=64"], [], 1.6),
    ("PointWiseNet, 1000 points", "pointwise_net", ["batch=1", "n_points=1000"], [], 1.2),
    *[(f"TICL GNN h{h}, 1000 nodes", f"ticl_gnn_h{h}_k{k}", ["n_nodes=1000", "n_edges=5000"], [], goal)
      for h, k, goal in ((32, 2, 4.5), (64, 4, 4.6))],
    ("InteractionGNN, 1000 nodes", "interaction_gnn", ["n_nodes=1000", "n_edges=5000"], [], 2.8),
    *[(f"MLPF, {n} elements", "mlpf", ["batch=1", f"n_elem={n}"], [], goal)
      for n, goal in ((128, 1.5), (512, 1.55), (2048, 1.3))],
]
REAL = [
    ("jet MLP 16-64-32-32-5 (real)", "jet_mlp_hls4ml", [], 18),
    ("superclustering MLP (real)", "hgcal_superclustering", ["batch_size=1"], 2.8),
    ("ACTS duplicate classifier (real)", "acts_duplicate_classifier", ["batch_size=1"], 2.3),
    ("ParticleNet HLT AK4 (real)", "particlenet_hlt_ak4", ["N=1", "n_pf=50", "n_sv=5"], 3.2),
    ("RobustParT AK4 (real)", "robust_part_ak4", ["N=1", "n_input_1=26", "n_input_2=25", "n_input_3=5", "n_input_4=26",
                                                  "n_input_5=25", "n_input_6=5"], 2.5),
    ("DeepDoubleX (real)", "deepdoublex_bvl", ["N=1"], 2.4),
    ("DeepFlavour (real)", "deepflavour_hlt", ["N=1"], 1.6),
]

# With 64 MB written between calls.
COLD = {"jet MLP 16-64-32-32-5, batch 1": 20}

# Two threads against one: how many times as fast.
THREADS = {"GN2 jet-only, 40 tracks": 1.7, "ParticleNet HLT AK4": 1.7, "ParticleNet AK8, 100 particles": 1.7, "CaloDiffusion step, data set 2": 1.7}

# Weights of 16 bits against a peer's bfloat16.
BF16 = {"GN2 jet-only, 40 tracks": 1.1, "ParticleNet AK8, 100 particles": 1.1, "CaloDREAM ViT": 1.1}

# Asked against the fastest float32 peer that is compiled for exactly this size, where it is another ratio than against ONNX Runtime.
BEST = {
    **{f"GN2 jet-only, {n} tracks": goal for n, goal in ((0, 4), (1, 1.5), (5, 1.3), (15, 1.15), (40, 1.2))},
    "ParticleNet HLT AK4": 2.5, "ParticleNet AK8, 100 particles": 1.8, "RobustParT AK4": 1.9, "ParT, 128 particles": 1.35,
    "CaloDiffusion step, data set 1": 1.65, "CaloDiffusion step, data set 2": 1.85, "CaloDREAM ViT": 1.5, "PointWiseNet, 1000 points": 1.1,
    "TICL GNN h32, 1000 nodes": 2.5, "TICL GNN h64, 1000 nodes": 3, "InteractionGNN, 1000 nodes": 1.8,
    **{f"MLPF, {n} elements": goal for n, goal in ((128, 1.2), (512, 1.2), (2048, 1.1))},
}

# case, model, --dim of the compiled code, the symbol that varies, its sizes
SWEEPS = [
    ("jet MLP", "jet_mlp", ["batch=1..4096"], "batch", (1, 4, 16, 64, 256, 1024, 4096)),
    ("GN2 jet-only", "gn2", ["n_tracks=0..200"], "n_tracks", (0, 1, 2, 5, 10, 15, 20, 40, 80, 200)),
    ("GN2 with auxiliary outputs", "gn2_aux", ["n_tracks=0..80"], "n_tracks", (1, 5, 15, 40, 80)),
    ("ParticleNet HLT AK4", "particlenet_hlt_ak4", ["N=1..64", "n_pf=50", "n_sv=5"], "N", (1, 4, 16, 64)),
    ("Par04 VAE", "par04_vae", ["batch=1..64"], "batch", (1, 4, 16, 64)),
    ("TICL GNN h32, 5 edges a node", "ticl_gnn_h32_k2", ["n_nodes=100..100000", "n_edges=500..500000"], "n_nodes", (100, 1000, 10000)),
    ("MLPF", "mlpf", ["batch=1", "n_elem=16..4096"], "n_elem", (16, 64, 256, 1024)),
]


def fixed(name):
    """The model of a row of ZOO, and its sizes as --dim without a range."""
    _, model, dims, at, _ = next(row for row in ZOO if row[0] == name)
    return model, [d for d in dims if ".." not in d] + at
