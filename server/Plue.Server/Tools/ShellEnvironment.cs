using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>The environment of commands: variables that build tools need, without any that could contain a key.</summary>
internal static class ShellEnvironment
{
    private static readonly string[] Tools =
    [
        "SHELL",
        "LC_ALL",
        "LC_CTYPE",
        "LC_MESSAGES",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "JAVA_HOME",
        "GOPATH",
        "GOROOT",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "NVM_DIR",
        "NODE_PATH",
        "DOTNET_ROOT",
        "PYENV_ROOT",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "ANDROID_HOME",
        "HOMEBREW_PREFIX",
        "PKG_CONFIG_PATH",
        "LD_LIBRARY_PATH",
    ];

    /// <summary>Keeps programs from waiting for terminal input.</summary>
    private static readonly Dictionary<string, string> NonInteractive = new()
    {
        ["TERM"] = "dumb",
        ["NO_COLOR"] = "1",
        ["PAGER"] = "cat",
        ["GIT_PAGER"] = "cat",
        ["GIT_TERMINAL_PROMPT"] = "0",
        ["GIT_EDITOR"] = "true",
        ["DEBIAN_FRONTEND"] = "noninteractive",
    };

    /// <param name="allowNetwork">False omits proxies, which would be useless and whose addresses can contain a password.</param>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyDictionary<string, string> own, bool allowNetwork)
    {
        var environment = new Dictionary<string, string>(NonInteractive, StringComparer.Ordinal);
        foreach (
            var name in OwnEnvironment
                .Harmless.Concat(Tools)
                .Where(name => allowNetwork || !name.Contains("proxy", StringComparison.OrdinalIgnoreCase))
        )
        {
            if (own.TryGetValue(name, out var value))
            {
                environment[name] = value;
            }
        }

        // Relative entries would be resolved in the workspace.
        environment["PATH"] = string.Join(
            Path.PathSeparator,
            environment.GetValueOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin").Split(Path.PathSeparator).Where(Path.IsPathFullyQualified)
        );
        return environment;
    }
}
