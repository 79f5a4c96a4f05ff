using System.ComponentModel;
using System.Diagnostics;

namespace Plue.Server.Vault;

/// <summary>libsecret's command, for GNOME Keyring, KWallet and KeePassXC. The key is passed on stdin.</summary>
internal sealed class LinuxKeychain(string program) : IKeychain
{
    public Task<bool> IsAvailableAsync(CancellationToken cancellationToken) => Keychain.RoundTripAsync(this, cancellationToken);

    public async Task<byte[]?> ReadAsync(string account, CancellationToken cancellationToken)
    {
        var (code, output) = await KeychainProgram
            .RunAsync(program, ["lookup", "service", "plue", "account", account], "", cancellationToken)
            .ConfigureAwait(false);
        // Exit code 1 means that the item or the keyring does not exist; in both cases this keychain does not have the key.
        return code == 0 ? KeychainProgram.ReadKey(output) : null;
    }

    public async Task WriteAsync(string account, byte[] key, CancellationToken cancellationToken)
    {
        string[] arguments = ["store", "--label=Plue vault", "service", "plue", "account", account];
        var (code, _) = await KeychainProgram
            .RunAsync(program, arguments, Convert.ToBase64String(key), cancellationToken)
            .ConfigureAwait(false);
        if (code != 0)
        {
            throw Keychain.Unavailable("no secret service responded");
        }
    }

    public Task DeleteAsync(string account, CancellationToken cancellationToken) =>
        KeychainProgram.RunAsync(program, ["clear", "service", "plue", "account", account], "", cancellationToken);
}

/// <summary>The macOS command. Its interactive mode reads the command from stdin, so that the key is not on a command line.</summary>
internal sealed class MacKeychain(string program) : IKeychain
{
    public Task<bool> IsAvailableAsync(CancellationToken cancellationToken) => Keychain.RoundTripAsync(this, cancellationToken);

    public async Task<byte[]?> ReadAsync(string account, CancellationToken cancellationToken)
    {
        var (code, output) = await KeychainProgram
            .RunAsync(program, ["find-generic-password", "-s", "plue", "-a", account, "-w"], "", cancellationToken)
            .ConfigureAwait(false);
        return code == 0 ? KeychainProgram.ReadKey(output) : null;
    }

    public async Task WriteAsync(string account, byte[] key, CancellationToken cancellationToken)
    {
        var command = $"add-generic-password -U -s plue -a {account} -w {Convert.ToBase64String(key)}\n";
        await KeychainProgram.RunAsync(program, ["-i"], command, cancellationToken).ConfigureAwait(false);

        // The interactive mode exits with 0 even if its command failed.
        var read = await ReadAsync(account, cancellationToken).ConfigureAwait(false);
        if (read is null || !read.AsSpan().SequenceEqual(key))
        {
            throw Keychain.Unavailable("it did not store the key");
        }
    }

    public Task DeleteAsync(string account, CancellationToken cancellationToken) =>
        KeychainProgram.RunAsync(program, ["delete-generic-password", "-s", "plue", "-a", account], "", cancellationToken);
}

internal static class KeychainProgram
{
    private const int MaximumOutput = 4096;

    // Long enough for the user to type the keyring password.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // Variables for the session bus and desktop prompts. Vendor keys in this environment are not passed on.
    private static readonly string[] EnvironmentVariables =
    [
        "HOME",
        "USER",
        "LOGNAME",
        "PATH",
        "LANG",
        "LC_ALL",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_RUNTIME_DIR",
        "XDG_CURRENT_DESKTOP",
    ];

    public static async Task<(int Code, string Output)> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string input,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        foreach (var name in EnvironmentVariables)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                start.Environment[name] = value;
            }
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using var process = Process.Start(start)!;
            using var stop = limit.Token.Register(() => Kill(process));
            var output = ReadAsync(process.StandardOutput);
            var error = ReadAsync(process.StandardError);
            await WriteAsync(process, input).ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            // Its child process may keep its pipes open.
            await error.WaitAsync(limit.Token).ConfigureAwait(false);
            return (process.ExitCode, await output.WaitAsync(limit.Token).ConfigureAwait(false));
        }
        catch (Win32Exception exception)
        {
            throw Keychain.Unavailable($"{program} could not be started", exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Keychain.Unavailable("it did not respond in time", exception);
        }
    }

    public static byte[]? ReadKey(string output)
    {
        var bytes = new byte[MaximumOutput];
        return Convert.TryFromBase64String(output.Trim(), bytes, out var written) ? bytes[..written] : null;
    }

    private static async Task WriteAsync(Process process, string input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It may exit without reading its input; the exit code is more useful than a broken pipe.
        }
    }

    // Reads to the end so that the program never blocks; only the start is kept.
    private static async Task<string> ReadAsync(StreamReader reader)
    {
        var kept = new char[MaximumOutput];
        var length = await reader.ReadBlockAsync(kept).ConfigureAwait(false);
        var rest = new char[MaximumOutput];
        while (await reader.ReadAsync(rest).ConfigureAwait(false) > 0) { }

        return new string(kept, 0, length);
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It exited in the meantime.
        }
    }
}
