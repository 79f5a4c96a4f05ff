using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Plue.Server.Tests.Tools;

/// <summary>A web server on loopback. It answers each request by its path.</summary>
internal sealed class PageServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public PageServer(Func<string, string> answer)
    {
        listener.Start();
        _ = ServeAsync(answer);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;
    public string Address => $"http://127.0.0.1:{Port}/";
    public int Connections { get; private set; }

    public void Dispose() => listener.Dispose();

    public static string Answer(string status, string kind, string body, string? location = null) =>
        $"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n{(location is null ? "" : $"Location: {location}\r\n")}\r\n{body}";

    private async Task ServeAsync(Func<string, string> answer)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                Connections++;
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, leaveOpen: true);
                var path = (await reader.ReadLineAsync())!.Split(' ')[1];
                while (await reader.ReadLineAsync() is { Length: > 0 }) { }

                try
                {
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(answer(path)));
                }
                catch (IOException)
                { /* It had read enough. */
                }
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException) { }
    }
}
