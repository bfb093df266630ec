//! Every request has one answer, whatever the model does; and the files say what Python says.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::Instant;

use serde::Deserialize;

use super::*;
use crate::domain::{FEATURE_COUNT, Seq};

const SOON: Duration = Duration::from_secs(10);

/// A model that does what the first feature says.
struct Odd;

impl Predictor for Odd {
    fn predict(&mut self, features: &[f32]) -> Result<f64, String> {
        match features[0] {
            1.0 => sleep(Duration::from_millis(300)),
            2.0 => panic!("on purpose"),
            3.0 => return Ok(f64::NAN),
            4.0 => return Ok(f64::INFINITY),
            5.0 => return Err("out of order".to_owned()),
            _ => {}
        }
        Ok(0.75)
    }
}

fn request(seq: u64, model: &str, first: f32) -> InferenceRequest {
    let mut features = vec![0.0; FEATURE_COUNT];
    features[0] = first;
    InferenceRequest {
        seq: Seq(seq),
        model: model.parse().unwrap(),
        symbol: "BTCUSDT".parse().unwrap(),
        horizon: "5m".parse().unwrap(),
        features,
    }
}

fn odd(timeout: Duration) -> (Runner, Receiver<Inference>) {
    let (sender, answers) = channel();
    let mut predictors: BTreeMap<ModelId, Box<dyn Predictor>> = BTreeMap::new();
    predictors.insert("odd".parse().unwrap(), Box::new(Odd));
    predictors.insert("even".parse().unwrap(), Box::new(Odd));
    let deliver = move |answer| sender.send(answer).unwrap_or_default();
    let runner = Runner::with(predictors, timeout, Arc::new(deliver)).unwrap();
    (runner, answers)
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/tests/models")
        .join(name)
}

fn refusal(path: &Path) -> String {
    let Err(error) = OnnxFile::load(path) else {
        panic!("{} is taken", path.display());
    };
    error.to_string()
}

#[test]
fn what_a_model_does_wrong_is_its_answer_and_its_thread_goes_on() {
    let (runner, answers) = odd(SOON);
    let expected = [
        (
            2.0,
            InferenceResult::Panicked {
                message: "on purpose".to_owned(),
            },
        ),
        (3.0, InferenceResult::NotANumber),
        (4.0, InferenceResult::NotANumber),
        (
            5.0,
            InferenceResult::Failed {
                message: "out of order".to_owned(),
            },
        ),
        (0.0, InferenceResult::Probability(0.75)),
    ];
    for (seq, (first, result)) in (1..).zip(expected) {
        let request = request(seq, "odd", first);
        assert_eq!(runner.answer(&request).result, result);
        runner.ask(request.clone());
        let answer = answers.recv_timeout(SOON).unwrap();
        assert_eq!(
            (answer.request, answer.model, answer.symbol, answer.result),
            (request.seq, request.model, request.symbol, result)
        );
    }
    let unknown = runner.answer(&request(9, "nobody", 0.0)).result;
    assert!(
        matches!(unknown, InferenceResult::Failed { .. }),
        "{unknown:?}"
    );
}

#[test]
fn a_late_answer_is_dropped_and_other_models_do_not_wait() {
    let (runner, answers) = odd(Duration::from_millis(50));
    runner.ask(request(1, "odd", 1.0));
    runner.ask(request(2, "odd", 0.0));
    runner.ask(request(3, "even", 0.0));
    let mut got: Vec<_> = (0..3)
        .map(|_| answers.recv_timeout(SOON).unwrap())
        .collect();
    assert_eq!(got[0].request, Seq(3), "the other model answered at once");
    got.sort_by_key(|answer| answer.request);
    let late = InferenceResult::TimedOut { after_ms: 50 };
    assert_eq!((&got[0].result, &got[1].result), (&late, &late));
    assert_eq!(got[2].result, InferenceResult::Probability(0.75));
    assert!(
        answers.recv_timeout(Duration::from_millis(400)).is_err(),
        "each has one answer"
    );
    assert_eq!(
        runner.answer(&request(4, "odd", 0.0)).result,
        InferenceResult::Probability(0.75),
        "the thread is free again"
    );
}

#[test]
fn too_many_questions_are_refused_and_an_end_waits_for_nobody() {
    let (runner, answers) = odd(SOON);
    runner.ask(request(1, "odd", 1.0));
    for seq in 2..1_100 {
        runner.ask(request(seq, "odd", 0.0));
    }
    let refused = answers.recv_timeout(SOON).unwrap();
    assert!(matches!(refused.result, InferenceResult::Failed { .. }));
    let before = Instant::now();
    drop(runner);
    assert!(before.elapsed() < Duration::from_millis(100));
}

#[derive(Deserialize)]
struct Expected {
    rows: Vec<Vec<f32>>,
    models: BTreeMap<String, Probabilities>,
}

#[derive(Deserialize)]
struct Probabilities {
    scikit_learn: Vec<f64>,
    onnxruntime: Vec<f64>,
}

#[test]
fn the_files_say_what_python_says() {
    let text = std::fs::read_to_string(file("expected.json")).unwrap();
    let expected: Expected = serde_json::from_str(&text).unwrap();
    assert_eq!((expected.rows.len(), expected.models.len()), (64, 3));
    for (name, python) in expected.models {
        let mut model = OnnxFile::load(&file(&format!("{name}.onnx"))).unwrap();
        let mut worst = 0.0_f64;
        let theirs = python.scikit_learn.iter().zip(&python.onnxruntime);
        for (row, (first, second)) in expected.rows.iter().zip(theirs) {
            let ours = model.predict(row).unwrap();
            worst = worst.max((ours - first).abs()).max((ours - second).abs());
        }
        println!("{name}: at most {worst:.1e} from Python");
        assert!(worst <= 1e-5, "{name} differs by {worst}");
    }
}

#[test]
fn a_single_value_is_a_probability_and_may_be_none() {
    let models = BTreeMap::from([("single".parse().unwrap(), file("single.onnx"))]);
    let runner = Runner::start(&models, SOON, Arc::new(|_| {})).unwrap();
    let answer = |first| runner.answer(&request(1, "single", first)).result;
    assert_eq!(answer(0.25), InferenceResult::Probability(0.5));
    assert_eq!(answer(-1.0), InferenceResult::NotANumber);
    let mut short = request(2, "single", 1.0);
    short.features.pop();
    let result = runner.answer(&short).result;
    assert!(
        matches!(result, InferenceResult::Failed { .. }),
        "{result:?}"
    );
}

#[test]
fn a_file_that_cannot_work_is_refused_by_name() {
    for (name, words) in [
        ("missing.onnx", "No such file"),
        ("narrow.onnx", "7 columns, not 8"),
        ("three_classes.onnx", "shape [1, 3]"),
        ("expected.json", "no ONNX model"),
    ] {
        let refusal = refusal(&file(name));
        assert!(
            refusal.contains(words) && refusal.contains(name),
            "{refusal}"
        );
    }
}
