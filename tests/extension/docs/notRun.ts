/**
 * Commands in the documents that tests do not run, by the start of their line, with the reason.
 * All others are run. An entry that occurs in no document is an error.
 */
export const notRun: { begins: string; because: string }[] = [
  { begins: 'npm start', because: 'It opens an editor and stays. The scenarios open the same editor.' },
  { begins: 'npm test', because: 'It is what runs this test.' },
  {
    begins: 'npm run',
    because: 'A script of the checkout: it builds, measures or rewrites what other tests are reading. Its name is checked.',
  },
  { begins: 'npx vitest', because: 'A test that runs the tests would not end. The file it names is checked.' },
  { begins: 'dotnet', because: 'It builds the sidecar that this test is running. The paths it names are checked.' },
  {
    begins: 'code --install-extension',
    because: 'It changes the editor of whoever runs the tests. The scenario of the package installs one.',
  },
  { begins: 'unzip', because: 'It takes a package apart, which is built for a release. The scenario of the package has one.' },
  { begins: 'claude auth login', because: 'It opens a browser and asks a person.' },
  { begins: 'ollama', because: 'It fetches and runs a model of several gigabytes.' },
  { begins: 'aws sso login', because: 'It opens a browser and asks a person.' },
  { begins: 'gcloud auth application-default login', because: 'It opens a browser and asks a person.' },
  { begins: 'docker', because: 'It needs a daemon and a base image from a registry.' },
  { begins: 'kubectl', because: 'It needs a cluster. What its files run is run, and the files are read.' },
];
