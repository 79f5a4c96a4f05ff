using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Network;

/// <summary>
/// Certificates that the user trusts in addition to those of the system. A server is trusted if the system trusts it, or if its certificate is valid, matches
/// the host, and chains to one of these. The file is read again after it changed. Thread-safe.
/// </summary>
/// <param name="file">The path in the settings; null for none.</param>
internal sealed class AddedRoots(Func<string?> file)
{
    private const int MaxBytes = 4 * 1024 * 1024;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly Lock sync = new();
    private (string Path, long Length, DateTime Modified) known;
    private X509Certificate2Collection loaded = [];
    private string? problem;

    /// <summary>The absolute path of the file; null for none.</summary>
    public string? Path => file() is { Length: > 0 } given ? System.IO.Path.GetFullPath(HomePath.Of(given, PluePaths.UserFolder)) : null;

    /// <summary>The reason why the file cannot be used, as a sentence; null if it can, or if there is none.</summary>
    public string? Problem
    {
        get
        {
            lock (sync)
            {
                Load();
                return problem;
            }
        }
    }

    public bool IsTrusted(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        // A name mismatch or a missing certificate is never accepted.
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 server)
        {
            return errors == SslPolicyErrors.None;
        }

        X509Certificate2Collection roots;
        lock (sync)
        {
            roots = Load();
        }
        if (roots.Count == 0)
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(roots);
        own.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.DisableCertificateDownloads = true;
        if (chain is not null)
        {
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
            foreach (var element in chain.ChainElements)
            {
                own.ChainPolicy.ExtraStore.Add(element.Certificate);
            }
        }

        return own.Build(server);
    }

    /// <summary>Loads the certificates. The caller must hold the lock.</summary>
    private X509Certificate2Collection Load()
    {
        if (Path is not { } path)
        {
            (known, loaded, problem) = (default, [], null);
            return loaded;
        }

        try
        {
            var info = new FileInfo(path);
            var now = (path, info.Exists ? info.Length : -1, info.LastWriteTimeUtc);
            if (now == known)
            {
                return loaded;
            }

            (known, loaded, problem) = (now, [], null);
            if (RegularFile.Read(path, MaxBytes) is not { } bytes)
            {
                problem = $"{path} is larger than 4 MB, so none of its certificates is trusted.";
                return loaded;
            }

            loaded.ImportFromPem(Encoding.UTF8.GetString(bytes));
            if (loaded.Count == 0)
            {
                problem = $"{path} has no certificate in PEM format (-----BEGIN CERTIFICATE-----).";
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            (loaded, problem) = ([], $"{path} could not be read ({fault.Message.TrimEnd('.')}), so none of its certificates is trusted.");
        }

        return loaded;
    }
}
