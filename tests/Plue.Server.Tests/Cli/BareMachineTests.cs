using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

/// <summary>The program without environment variables, a keyring, a display, a home folder, or a terminal, and over ssh.</summary>
public sealed class BareMachineTests : IDisposable
{
    private const string Passphrase = "correct horse";
    private const string Canary = "sk-canary-bare-0d3b7a41";
    private const string Answer =
        "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    private readonly string folder = Directory.CreateTempSubdirectory("plue-bare-").FullName;

    private string Home => Path.Combine(folder, "plue");
    private string PassphraseFile => Path.Combine(folder, "passphrase");

    public BareMachineTests() => File.WriteAllText(PassphraseFile, Passphrase + "\n");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task In_an_empty_environment_a_key_is_stored_and_used_with_a_passphrase()
    {
        SkipWithoutAShell();
        await using var endpoint = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Events().Send(Answer) };
        await StoreKeyAsync(endpoint);
        var run = await PlueAsync("run Hi --provider house --passphrase-fd 3 3<\"$FILE\"");
        Assert.Equal((0, "Hello\n", ""), run);
        Assert.Contains(endpoint.Requests, request => request.Headers.Values.Contains($"Bearer {Canary}"));
        Assert.DoesNotContain(Canary, File.ReadAllText(Path.Combine(Home, "vault.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vault create", "Enter the passphrase twice in a terminal, or pass it with a file descriptor.")]
    [InlineData("vault list", "Enter the passphrase in a terminal, or pass it with --passphrase-fd.")]
    [InlineData("run Hi --provider house", "Enter the passphrase in a terminal, or pass it with --passphrase-fd.")]
    public async Task Without_a_terminal_the_error_explains_how_to_pass_the_passphrase(string line, string says)
    {
        SkipWithoutAShell();
        await using var endpoint = new ScriptedEndpoint();
        if (line != "vault create")
        {
            await StoreKeyAsync(endpoint);
        }

        var (exitCode, _, stderr) = await PlueAsync(line);
        Assert.NotEqual(0, exitCode);
        Assert.Contains($"The input is not a terminal, so there is no prompt. {says}", stderr, StringComparison.Ordinal);
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task On_a_terminal_the_passphrase_is_asked_for_and_not_shown()
    {
        SkipWithoutAShell();
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "/usr/bin/script, which makes a terminal, is not installed.");
        await using var endpoint = new ScriptedEndpoint();
        await StoreKeyAsync(endpoint);
        using var process = Start(
            "/usr/bin/script",
            ["-qec", $"tty; exec {SidecarProcess.UncountedExecutable} vault list", "/dev/null"],
            null
        );
        var text = await WaitForAsync(process, "Passphrase of the vault: ");
        await UntilNothingIsShownAsync(text[..text.IndexOf('\r', StringComparison.Ordinal)]);
        await process.StandardInput.WriteAsync(Passphrase + "\r");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        var (exitCode, stdout, _) = await EndAsync(process, keepsInput: true);
        Assert.True(exitCode == 0, $"{exitCode}: {stdout}");
        Assert.Contains("vault://house/api_key", stdout, StringComparison.Ordinal);
        Assert.DoesNotContain(Passphrase, stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_home_never_falls_back_to_the_current_folder()
    {
        SkipWithoutAShell();
        var workspace = Directory.CreateDirectory(Path.Combine(folder, "workspace")).FullName;
        InMemorySidecar.WriteProvider(Path.Combine(workspace, ".plue"), "trap", "{ name: 'Trap', provider_type: 'ollama' }");
        foreach (var home in (string[])["/nonexistent", "relative", ""])
        {
            var listed = await EndAsync(
                Start(
                    "/bin/sh",
                    ["-c", "cd \"$1\" && exec \"$0\" providers list", SidecarProcess.Executable, workspace],
                    null,
                    ("HOME", home)
                )
            );
            Assert.DoesNotContain("Trap", listed.Stdout, StringComparison.Ordinal);
        }

        Assert.Equal([".plue"], Directory.EnumerateFileSystemEntries(workspace).Select(Path.GetFileName));
        Assert.Equal(["providers"], Directory.EnumerateFileSystemEntries(Path.Combine(workspace, ".plue")).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("run Hello --provider tour", 0)]
    [InlineData("health", 1)]
    public async Task In_a_container_without_users_it_works_if_PLUE_HOME_is_writable(string line, int exitCode)
    {
        Directory.CreateDirectory(Home);
        var run = await InContainerAsync(["--bind", Home, "/data"], line, ["--setenv", "PLUE_HOME", "/data"]);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.DoesNotContain("nhandled", run.Stderr, StringComparison.Ordinal);
        Assert.Contains(line == "health" ? "Your data is stored in /data" : "recording", run.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_read_only_container_the_error_names_the_folder_to_make_writable()
    {
        Directory.CreateDirectory(Home);
        var health = await InContainerAsync(["--ro-bind", Home, "/data"], "health", ["--setenv", "PLUE_HOME", "/data"]);
        Assert.Contains("/data is not writable, so nothing can be saved.", health.Stdout, StringComparison.Ordinal);
        var without = await InContainerAsync(["--remount-ro", "/"], "health", []);
        Assert.Contains("/.plue cannot be created, so nothing can be saved.", without.Stdout, StringComparison.Ordinal);
        Assert.Contains("set PLUE_HOME to another folder", without.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_ssh_without_a_terminal_it_responds_to_a_piped_question()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && File.Exists("/usr/sbin/sshd") && File.Exists("/usr/bin/ssh"),
            "openssh-server is not installed."
        );
        Assert.SkipUnless(Environment.UserName == "root", "Only root can start an sshd that lets users in.");
        await using var server = await LoopbackSsh.StartAsync(folder);
        var run = await EndAsync(server.Run($"PLUE_HOME={Home} {SidecarProcess.UncountedExecutable} run 'What is Plue?' --provider tour"));
        Assert.Equal((0, ""), (run.ExitCode, run.Stderr));
        Assert.Contains("recording", run.Stdout, StringComparison.Ordinal);

        await using var endpoint = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Events().Send(Answer) };
        await StoreKeyAsync(endpoint);
        var withKey = server.Run(
            $"PLUE_HOME={Home} {SidecarProcess.UncountedExecutable} run Hi --provider house --passphrase-fd 3 3<{PassphraseFile}"
        );
        Assert.Equal((0, "Hello\n", ""), await EndAsync(withKey));
    }

    private static void SkipWithoutAShell() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file descriptors.");

    private async Task StoreKeyAsync(ScriptedEndpoint endpoint)
    {
        InMemorySidecar.WriteProvider(Home, "house", InMemorySidecar.ProviderAt(endpoint.Url, "api_key_ref: 'vault://house/api_key'"));
        Assert.Equal(0, (await PlueAsync("vault create --passphrase-fd 3 3<\"$FILE\"")).ExitCode);
        Assert.Equal(
            (0, "Stored vault://house/api_key.\n", ""),
            await PlueAsync($"vault store vault://house/api_key --origin {endpoint.Url} --passphrase-fd 3 3<\"$FILE\"", Canary + "\n")
        );
    }

    /// <param name="line">The arguments, as in a shell.</param>
    private async Task<(int ExitCode, string Stdout, string Stderr)> PlueAsync(string line, string input = "") =>
        await EndAsync(Start("/bin/sh", ["-c", $"exec \"$0\" {line}", SidecarProcess.Executable], input, ("FILE", PassphraseFile)));

    private async Task<(int ExitCode, string Stdout, string Stderr)> InContainerAsync(string[] mounts, string line, string[] variables)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/bwrap"), "bubblewrap is not installed.");
        string[] system =
        [
            .. ((string[])["/usr", "/etc/ssl", "/etc/dotnet", AppContext.BaseDirectory, Path.GetDirectoryName(SidecarProcess.Executable)!])
                .Where(Directory.Exists)
                .SelectMany(path => (string[])["--ro-bind", path, path]),
        ];
        string[] links =
        [
            .. ((string[])["/bin", "/lib", "/lib64"])
                .Where(Directory.Exists)
                .SelectMany(path => (string[])["--symlink", $"usr{path}", path]),
        ];
        string[] runtime =
            Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root && !root.StartsWith("/usr/", StringComparison.Ordinal)
                ? ["--ro-bind", root, root, "--setenv", "DOTNET_ROOT", root]
                : [];
        return await EndAsync(
            Start(
                "/usr/bin/bwrap",
                [
                    "--tmpfs",
                    "/tmp",
                    .. system,
                    .. links,
                    "--proc",
                    "/proc",
                    "--dev",
                    "/dev",
                    "--unshare-all",
                    "--uid",
                    "4242",
                    "--gid",
                    "4242",
                    "--clearenv",
                    .. runtime,
                    .. variables,
                    .. mounts,
                    SidecarProcess.Executable,
                    .. line.Split(' '),
                ],
                ""
            )
        );
    }

    /// <summary>Runs the program with only these environment variables.</summary>
    /// <param name="input">The complete stdin; null leaves it open.</param>
    private Process Start(string program, string[] arguments, string? input, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var runtime = Environment.GetEnvironmentVariable("DOTNET_ROOT");
        start.Environment.Clear();
        if (!string.IsNullOrEmpty(runtime))
        {
            start.Environment["DOTNET_ROOT"] = runtime;
        }
        start.Environment["PLUE_HOME"] = Home;
        foreach (var (name, value) in environment)
        {
            if (name == "HOME")
            {
                start.Environment.Remove("PLUE_HOME");
            }
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        if (input is not null)
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }

        return process;
    }

    private static async Task<(int ExitCode, string Stdout, string Stderr)> EndAsync(Process process, bool keepsInput = false)
    {
        using (process)
        {
            if (!keepsInput)
            {
                process.StandardInput.Close();
            }
            var (stdout, stderr) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));
            return (process.ExitCode, await stdout, await stderr);
        }
    }

    /// <summary>Waits until the terminal has no echo. .NET shows keys that are pressed before the first read.</summary>
    private static async Task UntilNothingIsShownAsync(string terminal)
    {
        for (var timeout = Stopwatch.StartNew(); ; )
        {
            using var stty = Process.Start(
                new ProcessStartInfo("/usr/bin/stty", ["-F", terminal, "-a"])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
            var (settings, error) = (await stty.StandardOutput.ReadToEndAsync(), await stty.StandardError.ReadToEndAsync());
            if (settings.Contains(" -echo ", StringComparison.Ordinal))
            {
                return;
            }

            Assert.True(timeout.Elapsed < TimeSpan.FromSeconds(60), $"{terminal} still shows what is typed. {error}");
        }
    }

    /// <returns>All output so far.</returns>
    private static async Task<string> WaitForAsync(Process process, string words)
    {
        var (seen, buffer) = ("", new char[256]);
        while (!seen.Contains(words, StringComparison.Ordinal))
        {
            var read = await process.StandardOutput.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(read > 0, $"It ended with: {seen}");
            seen += new string(buffer, 0, read);
        }

        return seen;
    }

    /// <summary>Starts an sshd on a free port, with a key that it accepts.</summary>
    private sealed class LoopbackSsh(Process server, string folder, int port) : IAsyncDisposable
    {
        public static async Task<LoopbackSsh> StartAsync(string parent)
        {
            var folder = Directory.CreateDirectory(Path.Combine(parent, "ssh")).FullName;
            foreach (var name in (string[])["host", "user"])
            {
                using var made = Process.Start(
                    new ProcessStartInfo("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(folder, name)])
                )!;
                await made.WaitForExitAsync();
            }

            var port = FreePort();
            Directory.CreateDirectory("/run/sshd");
            // With SHLVL, the shell is nested and skips the user's .bashrc, which can print and wait.
            File.WriteAllText(
                Path.Combine(folder, "config"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"""
                    Port {port}
                    ListenAddress 127.0.0.1
                    HostKey {folder}/host
                    AuthorizedKeysFile {folder}/user.pub
                    PidFile none
                    StrictModes no
                    UsePAM no
                    PasswordAuthentication no
                    PermitRootLogin prohibit-password
                    SetEnv SHLVL=2

                    """
                )
            );
            var server = Process.Start(
                new ProcessStartInfo("/usr/sbin/sshd", ["-D", "-e", "-f", Path.Combine(folder, "config")]) { RedirectStandardError = true }
            )!;
            while (await server.StandardError.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) is { } line)
            {
                if (line.Contains("listening on", StringComparison.Ordinal))
                {
                    break;
                }
            }

            _ = server.StandardError.BaseStream.CopyToAsync(Stream.Null);
            Assert.False(server.HasExited, "sshd did not start.");
            return new LoopbackSsh(server, folder, port);
        }

        public Process Run(string line) =>
            Process.Start(
                new ProcessStartInfo(
                    "/usr/bin/ssh",
                    [
                        "-T",
                        "-F",
                        "none",
                        "-p",
                        port.ToString(CultureInfo.InvariantCulture),
                        "-i",
                        Path.Combine(folder, "user"),
                        "-o",
                        "StrictHostKeyChecking=no",
                        "-o",
                        $"UserKnownHostsFile={folder}/known",
                        "-o",
                        "LogLevel=ERROR",
                        "-o",
                        "BatchMode=yes",
                        "root@127.0.0.1",
                        line,
                    ]
                )
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;

        public async ValueTask DisposeAsync()
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
            server.Dispose();
        }

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
