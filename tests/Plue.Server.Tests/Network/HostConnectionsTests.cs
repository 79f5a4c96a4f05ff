using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Network;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Tools;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Network;

public sealed class HostConnectionsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-network-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Requests_go_to_the_proxy_of_the_settings_as_they_are_now()
    {
        await using var proxy = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("{}") };
        var settings = new NetworkSettings();
        var connections = Of(() => settings);
        using var http = new ProviderHttp(null, connections);
        settings = new NetworkSettings(proxy.Url.ToString(), NoProxy: ["*.internal.test"]);
        await GetAsync(http, "http://service.test/v1");
        var request = Assert.Single(proxy.Requests);
        Assert.Equal("http://service.test/v1", request.Target);
        Assert.Equal(["service.test:80"], connections.Contacted.Select(host => host.Host));

        Assert.Equal(proxy.Url, connections.ProxyOf(new Uri("https://service.test")));
        Assert.Null(connections.ProxyOf(new Uri("https://git.internal.test")));
        Assert.Null(connections.ProxyOf(new Uri("http://127.0.0.1:1")));
    }

    [Fact]
    public async Task This_machine_is_reached_without_a_proxy()
    {
        await using var proxy = new ScriptedEndpoint();
        await using var local = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("{}") };
        using var http = new ProviderHttp(null, Of(() => new NetworkSettings(proxy.Url.ToString())));
        await GetAsync(http, local.Url.ToString());
        Assert.Single(local.Requests);
        Assert.Empty(proxy.Requests);
    }

    [Theory]
    [InlineData("proxy.example.com:8080")]
    [InlineData("socks5://proxy.example.com")]
    [InlineData("http://user:secret@proxy.example.com")]
    public async Task A_proxy_that_cannot_be_used_is_not_passed_by(string address)
    {
        await using var server = new ScriptedEndpoint();
        using var http = new ProviderHttp(null, Of(() => new NetworkSettings(address)));
        var failure = await Assert.ThrowsAsync<FailureException>(() => GetAsync(http, server.Url.ToString()));
        Assert.Contains("The setting proxy is not the address of a proxy", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("{ }", "127.0.0.1", null)]
    [InlineData("{ }", "api.example.com", "Your setting allowed_hosts")]
    [InlineData("{ allowed_hosts: ['api.example.com'] }", null, "Your organization's policy")]
    [InlineData("{ allowed_hosts: ['127.0.0.1'] }", "api.example.com", "Your setting allowed_hosts")]
    [InlineData("{ allowed_hosts: ['127.0.0.1'] }", "127.0.0.1", null)]
    public async Task A_host_must_be_in_the_lists_of_the_policy_and_of_the_user(string policy, string? allowed, string? refusal)
    {
        var path = Path.Combine(folder, "policy.json5");
        File.WriteAllText(path, policy);
        await using var server = new ScriptedEndpoint { Route = _ => ScriptedAnswer.Json("{}") };
        var paths = new PluePaths(Path.Combine(folder, "home")) { AddedPolicy = path };
        var connections = new HostConnections(
            paths,
            TimeProvider.System,
            () => new NetworkSettings(AllowedHosts: allowed is null ? [] : [allowed])
        );
        using var http = new ProviderHttp(null, connections);
        if (refusal is null)
        {
            await GetAsync(http, server.Url.ToString());
            Assert.Single(server.Requests);
            return;
        }

        var failure = await Assert.ThrowsAsync<FailureException>(() => GetAsync(http, server.Url.ToString()));
        Assert.StartsWith(refusal, failure.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
        Assert.Empty(connections.Contacted);
    }

    [Fact]
    public void Programs_get_the_proxy_and_the_certificates_of_the_settings()
    {
        using var authority = new CertificateAuthority("CN=Company CA");
        var file = authority.WriteTo(folder);
        var variables = Of(() => new NetworkSettings("http://proxy.test:8080", ["git.test"], file)).ChildVariables();
        Assert.Equal("http://proxy.test:8080", variables["HTTPS_PROXY"]);
        Assert.Equal("http://proxy.test:8080", variables["http_proxy"]);
        Assert.Equal("localhost,127.0.0.1,::1,git.test", variables["NO_PROXY"]);
        Assert.Equal(file, variables["NODE_EXTRA_CA_CERTS"]);
        Assert.Empty(Of(() => NetworkSettings.None).ChildVariables());
    }

    [Fact]
    public async Task A_server_of_an_added_authority_is_trusted_only_with_its_file()
    {
        using var authority = new CertificateAuthority("CN=Company CA");
        using var other = new CertificateAuthority("CN=Another CA");
        using var server = new TlsServer(authority.Issue("localhost"));
        string? file = null;
        using var http = new ProviderHttp(null, Of(() => new NetworkSettings(CaFile: file)));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(http, server.Address));
        file = other.WriteTo(folder, "other.pem");
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(http, server.Address));
        file = authority.WriteTo(folder);
        Assert.Equal("hello", await GetAsync(http, server.Address));
    }

    [Theory]
    [InlineData("other.test", false)]
    [InlineData("localhost", true)]
    public async Task A_wrong_name_or_an_expired_certificate_is_refused_with_the_file_too(string name, bool isExpired)
    {
        using var authority = new CertificateAuthority("CN=Company CA");
        using var server = new TlsServer(authority.Issue(name, isExpired));
        var file = authority.WriteTo(folder);
        using var http = new ProviderHttp(null, Of(() => new NetworkSettings(CaFile: file)));
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(http, server.Address));
        Assert.IsType<AuthenticationException>(failure.InnerException);
    }

    [Fact]
    public void What_the_system_trusts_stays_trusted_and_what_has_no_certificate_does_not()
    {
        using var authority = new CertificateAuthority("CN=Company CA");
        var file = authority.WriteTo(folder);
        var roots = new AddedRoots(() => file);
        using var certificate = authority.Issue("localhost");
        Assert.True(roots.IsTrusted(certificate, null, SslPolicyErrors.None));
        Assert.False(roots.IsTrusted(null, null, SslPolicyErrors.RemoteCertificateNotAvailable));
        Assert.False(
            roots.IsTrusted(certificate, null, SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch)
        );
    }

    [Fact]
    public void A_file_without_a_certificate_is_named()
    {
        var file = Path.Combine(folder, "empty.pem");
        Assert.Contains("could not be read", Of(() => new NetworkSettings(CaFile: file)).RootsProblem, StringComparison.Ordinal);
        File.WriteAllText(file, "nothing");
        Assert.Contains("has no certificate", Of(() => new NetworkSettings(CaFile: file)).RootsProblem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://10.1.2.3/")]
    [InlineData("http://169.254.169.254/")]
    [InlineData("http://[fd00:ec2::254]/")]
    public async Task SEC_49_A_private_address_is_not_fetched_through_a_proxy_either(string address)
    {
        await using var proxy = new ScriptedEndpoint();
        using var fixture = new ToolFixture();
        var tool = new FetchTool("", new WebPages(_ => false, Of(() => new NetworkSettings(proxy.Url.ToString()))));
        Assert.Contains(
            "which cannot be fetched",
            await fixture.ErrorAsync(tool, ToolFixture.Json(("url", address))),
            StringComparison.Ordinal
        );
        Assert.Empty(proxy.Requests);
    }

    [Fact]
    public async Task Fetch_reads_a_page_through_the_proxy_with_the_company_certificate_unless_its_host_is_excluded()
    {
        const string Host = "93.184.215.14";
        using var authority = new CertificateAuthority("CN=Company CA");
        using var proxy = new ConnectProxy(authority.Issue(Host), "text/html", "<main><h1>News</h1></main>");
        var settings = new NetworkSettings(proxy.Address, CaFile: authority.WriteTo(folder), AllowedHosts: [Host]);
        var connections = Of(() => settings);
        using var fixture = new ToolFixture();
        var tool = new FetchTool("", new WebPages(_ => false, connections));
        var parameters = ToolFixture.Json(("url", $"https://{Host}/news"));
        Assert.Contains("# News", await fixture.ResultAsync(tool, parameters), StringComparison.Ordinal);
        Assert.Equal($"{Host}:443", Assert.Single(proxy.Targets));
        Assert.Equal([$"{Host}:443"], connections.Contacted.Select(host => host.Host));

        Assert.Equal(new Uri(proxy.Address), connections.ProxyOf(new Uri($"https://{Host}")));
        settings = settings with { NoProxy = [Host] };
        Assert.Null(connections.ProxyOf(new Uri($"https://{Host}")));
        settings = settings with { NoProxy = [], AllowedHosts = ["other.test"] };
        var denied = await Assert.ThrowsAsync<FailureException>(() => fixture.RunAsync(tool, parameters));
        Assert.Contains("does not allow connections", denied.Message, StringComparison.Ordinal);
        Assert.Single(proxy.Targets);
    }

    private static HostConnections Of(Func<NetworkSettings> settings) => new(null, TimeProvider.System, settings);

    private static async Task<string> GetAsync(ProviderHttp http, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        using var response = await http.For(new Uri(address)).SendAsync(request, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Responds to each request over TLS.</summary>
    private sealed class TlsServer : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 certificate;

        public TlsServer(X509Certificate2 certificate)
        {
            this.certificate = certificate;
            listener.Start();
            _ = ServeAsync();
        }

        public string Address => $"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/";

        public void Dispose()
        {
            listener.Dispose();
            certificate.Dispose();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync();
                    await using var stream = new SslStream(client.GetStream());
                    try
                    {
                        await stream.AuthenticateAsServerAsync(certificate);
                        using var reader = new StreamReader(stream, leaveOpen: true);
                        while (await reader.ReadLineAsync() is { Length: > 0 }) { }
                        await stream.WriteAsync(
                            Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
                        );
                    }
                    catch (Exception fault) when (fault is IOException or AuthenticationException)
                    {
                        // The client did not trust the certificate.
                    }
                }
            }
            catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over.
            }
        }
    }
}
